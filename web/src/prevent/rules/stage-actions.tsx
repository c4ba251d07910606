import { useQuery } from "@tanstack/react-query";
import { App, Button, Slider } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ReasonDialog } from "../../shell/reason-dialog";
import { useMay } from "../../shell/session";
import { useStage, versions } from "./queries";
import type { StageAsked, Version } from "./vocabulary";

type Asked = StageAsked["stage"];

// StageActions moves a version: into shadow, to a share of customers, live, or back. The server decides whether it takes
// effect at once or waits for a second person.
export function StageActions({ version }: { version: Version }) {
  const { t } = useTranslation("rules");
  const mayWrite = useMay("rulesets:write");
  const mayActivate = useMay("rulesets:activate");
  const live = useQuery(versions).data?.items.find((v) => v.stage === "live");
  const [asking, setAsking] = useState<Asked>();
  if (version.stage === "live") return <span className="muted">{t("version.live")}</span>;
  if (!mayWrite && !mayActivate) return null;
  const back = live?.id === version.id && version.version < live.version;
  return (
    <>
      {version.stage === "draft" && <Button onClick={() => setAsking("shadow")}>{t("action.shadow")}</Button>}
      {version.stage === "shadow" && <Button onClick={() => setAsking("off")}>{t("action.off")}</Button>}
      {version.stage === "rollout" && <Button onClick={() => setAsking("off")}>{t("action.endRollout")}</Button>}
      <Button onClick={() => setAsking("rollout")}>
        {t(version.stage === "rollout" ? "action.percent" : "action.rollout")}
      </Button>
      <Button type="primary" onClick={() => setAsking("live")}>
        {t(back ? "action.rollback" : "action.live")}
      </Button>
      {asking && <StageDialog version={version} stage={asking} back={back} onClose={() => setAsking(undefined)} />}
    </>
  );
}

interface DialogProps {
  version: Version;
  stage: Asked;
  back: boolean;
  onClose: () => void;
}

function StageDialog({ version, stage, back, onClose }: DialogProps) {
  const { t } = useTranslation("rules");
  const { message } = App.useApp();
  const [percent, setPercent] = useState(version.percent || 10);
  const change = useStage(version.id, version.version);
  const word = stage === "live" && back ? t("action.rollback").replace(/…$/, "") : t(`stage.ask.${stage}`);

  async function run(reason: string) {
    try {
      const done = await change.mutateAsync({ stage, reason, percent: stage === "rollout" ? percent : undefined });
      message.success(t(done.approval ? "stage.asked" : "stage.done"));
      onClose();
    } catch {
      // shown in the dialog
    }
  }

  return (
    <ReasonDialog
      title={`${word} · ${t("version", { id: version.id, version: version.version })}`}
      ok={word}
      hint={t(`stage.${stage}.what`)}
      example={t("stage.reason.example")}
      wait={change.isPending}
      error={change.error}
      onDone={run}
      onClose={onClose}
    >
      {stage === "rollout" && (
        <div className="percent">
          <span>{t("stage.percent")}</span>
          <Slider
            min={1}
            max={99}
            value={percent}
            onChange={setPercent}
            marks={{ 1: "1", 10: "10", 25: "25", 50: "50", 99: "99" }}
          />
          <b className="figures">{percent}%</b>
        </div>
      )}
    </ReasonDialog>
  );
}
