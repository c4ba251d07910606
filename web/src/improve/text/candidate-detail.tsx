import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { App, Button, Form, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { count } from "../../shell/format";
import { Loaded } from "../../shell/loaded";
import { ProblemLine } from "../../shell/problem";
import { ReasonDialog, useReasonRule } from "../../shell/reason-dialog";
import { useSession } from "../../shell/session";
import { When } from "../../shell/when";
import { useWord } from "../../shell/word";
import { Marked } from "./marked";
import {
  type Candidate,
  type Confirmation,
  candidate,
  confirmCandidate,
  rejectCandidate,
  TYPOLOGIES,
  useChange,
} from "./queries";

// CandidateDetail shows why a candidate was put into the queue, and lets an analyst confirm or reject it.
export function CandidateDetail({ id, onDone }: { id: string; onDone: () => void }) {
  const { t, i18n } = useTranslation("text");
  const may = useSession().data?.permissions.includes("intel:write");
  const nameOf = useNameOf();
  const n = (v: number) => count(v, i18n.language);
  return (
    <Loaded query={useQuery(candidate(id))}>
      {(c) => (
        <div className="candidate">
          <h2 className="candidate-word">{c.word || t("candidate.template")}</h2>
          <p className="muted">
            {t("candidate.why", {
              texts: n(c.texts),
              writers: n(c.writers),
              recent: n(c.recent),
              reference: n(c.reference),
              suspicious: n(c.suspicious),
            })}
          </p>
          <dl className="facts">
            <dt>{t("candidate.seen")}</dt>
            <dd>
              <When at={c.first_seen} /> – <When at={c.last_seen} />
            </dd>
            <dt>{t("family.cities")}</dt>
            <dd>{c.cities.join("、") || "–"}</dd>
            <dt>{t("candidate.measures")}</dt>
            <dd className="figures">
              {t("candidate.measures.of", {
                burst: c.burst.toFixed(1),
                association: c.association.toFixed(1),
                cohesion: c.cohesion.toFixed(1),
                entropy: c.entropy.toFixed(1),
              })}
            </dd>
            {c.judge && (
              <>
                <dt>{t("candidate.judge")}</dt>
                <dd>
                  {nameOf(c.judge)} {c.reason}
                </dd>
              </>
            )}
          </dl>
          <h3>{t("candidate.evidence")}</h3>
          <ul className="excerpts">
            {c.evidence.map((x) => (
              <li key={`${x.event} ${x.path} ${x.span.start}`}>
                <Marked text={x.text} marks={[{ span: x.span, of: { tone: "term", title: "" } }]} />
                <Link to="/events/$id" params={{ id: x.event }} className="faint">
                  <When at={x.at} />
                </Link>
              </li>
            ))}
          </ul>
          {c.family && (
            <p>
              <Link to="/families" search={{ family: c.family }}>
                {t("candidate.family")}
              </Link>
            </p>
          )}
          {may && c.state === "new" && <Judgement c={c} onDone={onDone} />}
          {c.state === "proposed" && <p className="callout">{t("candidate.waits")}</p>}
        </div>
      )}
    </Loaded>
  );
}

function Judgement({ c, onDone }: { c: Candidate; onDone: () => void }) {
  const { t } = useTranslation("text");
  const { message } = App.useApp();
  const word = useWord();
  const rule = useReasonRule();
  const [form] = Form.useForm<Confirmation>();
  const [rejecting, setRejecting] = useState(false);
  const confirm = useChange(confirmCandidate);
  const reject = useChange(rejectCandidate);
  const template = c.kind === "template";

  async function send(body: Confirmation) {
    try {
      await confirm.mutateAsync({ id: c.id, body });
      message.success(t("asked"));
      onDone();
    } catch {
      // shown below the form
    }
  }
  async function refuse(reason: string) {
    try {
      await reject.mutateAsync({ id: c.id, reason });
      message.success(t("candidate.rejected"));
      onDone();
    } catch {
      // shown in the dialog
    }
  }
  const must = (name: string) => [{ required: true, whitespace: true, message: name }];
  return (
    <>
      <h3>{t("candidate.judge.title")}</h3>
      <Form
        form={form}
        layout="vertical"
        onFinish={send}
        initialValues={{ word: c.word, typology: c.typology || "T3", weak: false }}
      >
        {template ? (
          <Form.Item name="title" label={t("template.title")} rules={must(t("template.titleMissing"))}>
            <Input maxLength={100} />
          </Form.Item>
        ) : (
          <>
            <Form.Item name="word" label={t("candidate.word")} rules={must(t("term.textMissing"))}>
              <Input maxLength={40} />
            </Form.Item>
            {c.kind === "term" && (
              <>
                <Form.Item name={["sense", "zh"]} label={t("term.sense.zh")} rules={must(t("term.senseMissing"))}>
                  <Input maxLength={200} placeholder={t("term.sense.example")} />
                </Form.Item>
                <Form.Item name={["sense", "en"]} label={t("term.sense.en")} rules={must(t("term.senseMissing"))}>
                  <Input maxLength={200} />
                </Form.Item>
              </>
            )}
          </>
        )}
        {c.kind !== "variant" && (
          <Form.Item name="typology" label={t("typology")}>
            <Select options={TYPOLOGIES.map((value) => ({ value, label: word("prevent:typology", value) }))} />
          </Form.Item>
        )}
        <Form.Item name="reason" label={t("reason")} rules={[rule]}>
          <Input.TextArea rows={2} maxLength={500} />
        </Form.Item>
        <ProblemLine error={confirm.error} />
        <div className="drawer-foot">
          <Button onClick={() => setRejecting(true)}>{t("candidate.reject")}</Button>
          <Button type="primary" htmlType="submit" loading={confirm.isPending}>
            {t("candidate.confirm")}
          </Button>
        </div>
      </Form>
      {rejecting && (
        <ReasonDialog
          title={t("candidate.reject")}
          hint={t("candidate.reject.hint")}
          ok={t("candidate.reject")}
          wait={reject.isPending}
          error={reject.error}
          onDone={refuse}
          onClose={() => setRejecting(false)}
        />
      )}
    </>
  );
}
