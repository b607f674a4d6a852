import { useLanguage } from "./i18n/text";
import { useTheme } from "./theme";
import { listenToKeys } from "./ui/keyboard";

useTheme();
listenToKeys();
await useLanguage();
await import("./app");
