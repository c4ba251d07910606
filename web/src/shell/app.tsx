import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ConfigProvider, App as Kit } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import { useLayoutEffect, useMemo } from "react";
import { Problem } from "../api/client";
import i18n from "./i18n";
import { nonce } from "./policy";
import { usePreferences } from "./preferences";
import { router } from "./router";
import { watchSession } from "./session";
import { applyPalette, kitTheme } from "./theme";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) =>
        failures < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
});
watchSession(client);

export function App() {
  const { language, effectiveMode } = usePreferences();
  const theme = useMemo(() => kitTheme(effectiveMode), [effectiveMode]);
  useLayoutEffect(() => applyPalette(effectiveMode), [effectiveMode]);
  useLayoutEffect(() => {
    dayjs.locale(language === "en" ? "en" : "zh-cn");
    document.documentElement.lang = language;
    i18n.changeLanguage(language);
    document.title = i18n.t("title");
  }, [language]);
  return (
    <ConfigProvider
      locale={language === "en" ? enUS : zhCN}
      theme={theme}
      csp={{ nonce }}
      button={{ autoInsertSpace: false }}
    >
      <Kit className="kit">
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </Kit>
    </ConfigProvider>
  );
}
