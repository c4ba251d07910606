// Texts of the console. Each room keeps its own two files of flat, sorted keys; the key sets are equal (tested) and every
// key that code uses is checked by the compiler.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import textEn from "../improve/text/en.json";
import textZh from "../improve/text/zh-CN.json";
import intakeEn from "../intake/en.json";
import intakeZh from "../intake/zh-CN.json";
import approvalsEn from "../prevent/approvals/en.json";
import approvalsZh from "../prevent/approvals/zh-CN.json";
import preventEn from "../prevent/en.json";
import listsEn from "../prevent/lists/en.json";
import listsZh from "../prevent/lists/zh-CN.json";
import modelsEn from "../prevent/models/en.json";
import modelsZh from "../prevent/models/zh-CN.json";
import overviewEn from "../prevent/overview/en.json";
import overviewZh from "../prevent/overview/zh-CN.json";
import rulesEn from "../prevent/rules/en.json";
import rulesZh from "../prevent/rules/zh-CN.json";
import preventZh from "../prevent/zh-CN.json";
import shellEn from "./en.json";
import { type Language, preferences } from "./preferences";
import shellZh from "./zh-CN.json";

export const resources = {
  "zh-CN": {
    shell: shellZh,
    intake: intakeZh,
    prevent: preventZh,
    rules: rulesZh,
    approvals: approvalsZh,
    lists: listsZh,
    models: modelsZh,
    overview: overviewZh,
    text: textZh,
  },
  en: {
    shell: shellEn,
    intake: intakeEn,
    prevent: preventEn,
    rules: rulesEn,
    approvals: approvalsEn,
    lists: listsEn,
    models: modelsEn,
    overview: overviewEn,
    text: textEn,
  },
} as const satisfies Record<Language, unknown>;

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "shell";
    keySeparator: false;
    resources: (typeof resources)["zh-CN"];
  }
}

i18next.use(initReactI18next).init({
  resources,
  lng: preferences().language,
  fallbackLng: false,
  defaultNS: "shell",
  keySeparator: false,
  interpolation: { escapeValue: false },
});

// inLanguage picks the sentence the API gives in both languages.
export function inLanguage(text: { zh: string; en: string }, language: string): string {
  return language === "en" ? text.en : text.zh;
}

export default i18next;
