// Builds the console into the Python package. Names of scripts and styles contain a hash of their content.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const BUILT = here("../src/contentlib/console/built");

await rm(BUILT, { recursive: true, force: true });
await mkdir(BUILT, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here("."),
  entryPoints: { main: "src/main.ts", style: "src/styles/style.css" },
  outdir: BUILT,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  metafile: true,
});

const entries = new Map(
  Object.entries(metafile.outputs)
    .filter(([, output]) => output.entryPoint)
    .map(([path, output]) => [output.entryPoint, basename(path)]),
);
const page = await readFile(here("src/index.html"), "utf8");
await writeFile(
  `${BUILT}/index.html`,
  page.replace("main.js", entries.get("src/main.ts")).replace("style.css", entries.get("src/styles/style.css")),
);
