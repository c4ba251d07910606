import { MoonOutlined, SunOutlined } from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { setPreferences, usePreferences } from "./preferences";

export function PreferenceButtons() {
  const { t } = useTranslation();
  const { language, effectiveMode } = usePreferences();
  const otherMode = effectiveMode === "dark" ? "light" : "dark";
  return (
    <>
      <Tooltip title={t(`mode.${otherMode}`)}>
        <Button
          type="text"
          aria-label={t(`mode.${otherMode}`)}
          icon={otherMode === "dark" ? <MoonOutlined /> : <SunOutlined />}
          onClick={() => setPreferences({ mode: otherMode })}
        />
      </Tooltip>
      <Button
        type="text"
        aria-label={t("language.other")}
        onClick={() => setPreferences({ language: language === "en" ? "zh-CN" : "en" })}
      >
        {language === "en" ? "中文" : "EN"}
      </Button>
    </>
  );
}
