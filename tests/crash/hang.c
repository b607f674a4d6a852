/* LD_PRELOAD: file calls on paths that hold $HANG_PATH wait while the file $HANG_WHILE exists, as on a mount that hangs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void hang(const char *path) {
    const char *part = getenv("HANG_PATH"), *control = getenv("HANG_WHILE");
    int saved = errno;
    struct timespec pause = {0, 10000000};
    while (part && control && path && strstr(path, part) && syscall(SYS_faccessat, AT_FDCWD, control, F_OK, 0) == 0)
        nanosleep(&pause, 0);
    errno = saved;
}

static void hang_open(int file) {
    char link[64], path[1024];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (size > 0) {
        path[size] = 0;
        hang(path);
    }
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define MODE mode_t mode = 0; va_list more; va_start(more, flags); if (flags & (O_CREAT | __O_TMPFILE)) mode = va_arg(more, mode_t); va_end(more)
#define OPEN(name) int name(const char *path, int flags, ...) { REAL(name); MODE; hang(path); return real(path, flags, mode); }
#define OPENAT(name) int name(int at, const char *path, int flags, ...) { REAL(name); MODE; hang(path); return real(at, path, flags, mode); }
#define STAT(name, type) int name(const char *path, struct type *found) { REAL(name); hang(path); return real(path, found); }
#define WRITE(name, ...) ssize_t name(int file, __VA_ARGS__)
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)
STAT(stat, stat) STAT(stat64, stat64) STAT(lstat, stat) STAT(statvfs, statvfs) STAT(statvfs64, statvfs64)
int fstatat(int at, const char *path, struct stat *found, int flags) { REAL(fstatat); hang(path); return real(at, path, found, flags); }
int access(const char *path, int mode) { REAL(access); hang(path); return real(path, mode); }
int rename(const char *from, const char *to) { REAL(rename); hang(from); return real(from, to); }
int unlink(const char *path) { REAL(unlink); hang(path); return real(path); }
WRITE(write, const void *data, size_t size) { REAL(write); hang_open(file); return real(file, data, size); }
WRITE(read, void *data, size_t size) { REAL(read); hang_open(file); return real(file, data, size); }
int fsync(int file) { REAL(fsync); hang_open(file); return real(file); }
