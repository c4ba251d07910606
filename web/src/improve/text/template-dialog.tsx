import { App, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ReasonDialog } from "../../shell/reason-dialog";
import { useWord } from "../../shell/word";
import { registerTemplate, TYPOLOGIES, useChange } from "./queries";

interface Props {
  verdict: "gang" | "innocent";
  textID: string; // event/path of the text it is made of
  onClose: () => void;
}

// TemplateDialog asks for a template to be registered as a gang's, or as innocent; a second person must agree.
export function TemplateDialog({ verdict, textID, onClose }: Props) {
  const { t } = useTranslation("text");
  const { message } = App.useApp();
  const word = useWord();
  const [title, setTitle] = useState("");
  const [typology, setTypology] = useState<(typeof TYPOLOGIES)[number]>("T3");
  const register = useChange(registerTemplate);
  async function run(reason: string) {
    if (title.trim().length < 2) {
      message.info(t("template.titleMissing"));
      return;
    }
    try {
      const gang = verdict === "gang" ? { typology } : {};
      await register.mutateAsync({ verdict, title: title.trim(), text_id: textID, reason, ...gang });
      message.success(t("asked"));
      onClose();
    } catch {
      // shown in the dialog
    }
  }
  return (
    <ReasonDialog
      title={t(verdict === "gang" ? "template.gang" : "template.innocent")}
      hint={t(verdict === "gang" ? "template.gang.hint" : "template.innocent.hint")}
      ok={t("ask")}
      wait={register.isPending}
      error={register.error}
      onDone={run}
      onClose={onClose}
    >
      <div className="form-row">
        <Input
          value={title}
          onChange={(e) => setTitle(e.target.value)}
          maxLength={100}
          placeholder={t("template.title")}
          aria-label={t("template.title")}
        />
        {verdict === "gang" && (
          <Select
            value={typology}
            onChange={setTypology}
            aria-label={t("typology")}
            options={TYPOLOGIES.map((value) => ({ value, label: word("prevent:typology", `${value}.short`) }))}
          />
        )}
      </div>
    </ReasonDialog>
  );
}
