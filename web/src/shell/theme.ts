// Every colour of the console. Components use the CSS variables set here (--text, --accent, --outcome-hold, …) or the
// tokens of the component kit, never a literal colour.
import { theme as kit, type ThemeConfig } from "antd";

export type Mode = "light" | "dark";

const light = {
  page: "#f5f7f7",
  surface: "#ffffff",
  raised: "#fafbfb",
  hover: "#f0f4f4",
  selected: "#e6f1f2",
  line: "#e3e8e9",
  "line-strong": "#cdd6d8",
  text: "#1b2528",
  muted: "#5b6a6f",
  faint: "#87959a",
  accent: "#0e6a75",
  "on-accent": "#ffffff",
  "accent-soft": "#e2f0f1",
  act: "#c2372f",
  "act-soft": "#fbebe9",
  hardship: "#4c7a34",
  "hardship-soft": "#edf4e8",
  "outcome-pass": "#8a989c",
  "outcome-review": "#2f7fb0",
  "outcome-warn": "#b07c1e",
  "outcome-challenge": "#7c62b3",
  "outcome-hold": "#c2372f",
  "outcome-reject": "#37474c",
};

const dark: typeof light = {
  page: "#0f1416",
  surface: "#151b1e",
  raised: "#1a2124",
  hover: "#1e2629",
  selected: "#173034",
  line: "#252e32",
  "line-strong": "#39454a",
  text: "#d9e1e3",
  muted: "#94a3a8",
  faint: "#6c7b80",
  accent: "#56b3bd",
  "on-accent": "#08272b",
  "accent-soft": "#16343a",
  act: "#e8776d",
  "act-soft": "#3a2020",
  hardship: "#8fbb74",
  "hardship-soft": "#20301a",
  "outcome-pass": "#6f7e83",
  "outcome-review": "#5fa8d3",
  "outcome-warn": "#d3a24b",
  "outcome-challenge": "#a58fd8",
  "outcome-hold": "#e8776d",
  "outcome-reject": "#b9c5c9",
};

const sans =
  '-apple-system, BlinkMacSystemFont, "Segoe UI", "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';
const mono =
  'ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace';

// applyPalette hands the palette to the style sheets.
export function applyPalette(mode: Mode): void {
  const root = document.documentElement;
  for (const [name, colour] of Object.entries(mode === "dark" ? dark : light))
    root.style.setProperty(`--${name}`, colour);
  root.style.setProperty("--sans", sans);
  root.style.setProperty("--mono", mono);
  root.style.colorScheme = mode;
  root.dataset.mode = mode;
}

// kitTheme is the same palette in the words of the component kit.
export function kitTheme(mode: Mode): ThemeConfig {
  const c = mode === "dark" ? dark : light;
  return {
    algorithm: mode === "dark" ? kit.darkAlgorithm : kit.defaultAlgorithm,
    token: {
      colorPrimary: c.accent,
      colorLink: c.accent,
      colorInfo: c.accent,
      colorError: c.act,
      colorBgLayout: c.page,
      colorBgContainer: c.surface,
      colorBgElevated: mode === "dark" ? c.raised : c.surface,
      colorBgMask: mode === "dark" ? "#00000080" : "#101c2038",
      colorText: c.text,
      colorTextSecondary: c.muted,
      colorTextTertiary: c.faint,
      colorBorder: c["line-strong"],
      colorBorderSecondary: c.line,
      fontFamily: sans,
      fontFamilyCode: mono,
      fontSize: 13,
      borderRadius: 5,
      controlHeight: 30,
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.16s",
    },
    components: {
      Button: { primaryShadow: "none", defaultShadow: "none", primaryColor: c["on-accent"] },
      Table: {
        cellPaddingBlockSM: 5,
        cellPaddingInlineSM: 10,
        headerBg: c.surface,
        headerColor: c.muted,
        rowHoverBg: c.hover,
        headerSplitColor: "transparent",
      },
      Menu: { itemHeight: 32, itemBorderRadius: 5, activeBarBorderWidth: 0, itemBg: "transparent" },
    },
  };
}
