import { useQuery } from "@tanstack/react-query";
import { App, Button, Modal, Select, Skeleton, Tabs } from "antd";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { clock, count } from "../../shell/format";
import { inLanguage } from "../../shell/i18n";
import { Loaded } from "../../shell/loaded";
import { useNarrow } from "../../shell/narrow";
import { ProblemLine } from "../../shell/problem";
import { useMay } from "../../shell/session";
import { ruleset } from "../queries";
import type { Ruleset } from "../vocabulary";
import { BacktestForm } from "./backtest-form";
import type { EditorHandle, Mark } from "./code-editor";
import { DiffView } from "./diff-view";
import { type Draft, useDraft } from "./drafts";
import { EditorBacktest } from "./editor-backtest";
import { rulesIn } from "./outline";
import { draftCheck, liveRuleset, usePublish } from "./queries";
import { editorRoute, refOf } from "./routes";
import { type Draft as Checked, changes, type Problem } from "./vocabulary";
import "../prevent.css";
import "./rules.css";

const CodeEditor = lazy(() => import("./code-editor"));
const PAUSE = 350; // ms without typing before the text is checked and kept

// Editor opens the draft that is kept, else the version asked for, else the live one.
export function Editor() {
  const { from } = editorRoute.useSearch();
  const [draft, keep] = useDraft();
  const live = useQuery(liveRuleset);
  const asked = refOf(from) ?? draft?.base ?? live.data;
  const base = useQuery({ ...ruleset(asked?.id ?? "", asked?.version ?? 0), enabled: asked !== undefined });
  const fits = draft && (!from || from === `${draft.base.id}@${draft.base.version}`);
  return (
    <div className="page page-fill editor-page">
      <Loaded query={base}>
        {(ruleset) => (
          <Writing
            key={`${ruleset.id}@${ruleset.version}`}
            base={ruleset}
            live={live.data}
            draft={fits ? draft : undefined}
            keep={keep}
          />
        )}
      </Loaded>
    </div>
  );
}

interface WritingProps {
  base: Ruleset;
  live?: Ruleset;
  draft?: Draft;
  keep: (draft: Draft | undefined) => void;
}

function Writing({ base, live, draft, keep }: WritingProps) {
  const { t, i18n } = useTranslation("rules");
  const narrow = useNarrow();
  const { rule } = editorRoute.useSearch();
  const editor = useRef<EditorHandle>(null);
  const [text, setText] = useState(draft?.text ?? base.text);
  const settled = useSettled(text);
  const of = { id: base.id, version: base.version };
  const check = useQuery(draftCheck(settled, of));
  const problems = useMemo(() => check.data?.problems ?? [], [check.data]);
  const marks: Mark[] = useMemo(
    () => problems.map(({ line, message }) => ({ line, message: inLanguage(message, i18n.language) })),
    [problems, i18n.language],
  );
  const places = useMemo(() => rulesIn(settled), [settled]);
  const dirty = text !== base.text;

  const kept = useRef(draft?.text ?? base.text);
  useEffect(() => {
    if (settled === kept.current) return;
    kept.current = settled;
    keep(
      settled === base.text
        ? undefined
        : { base: { id: base.id, version: base.version }, text: settled, at: new Date().toISOString() },
    );
  }, [settled, base, keep]);

  const sure = settled === text && !check.isPlaceholderData && !check.isFetching && problems.length === 0;
  const ready = sure && check.data !== undefined;
  const state: ChangeState = {
    checked: check.data,
    checking: !ready && problems.length === 0 && !check.isError,
    error: check.error,
    dirty,
  };

  return (
    <>
      <div className="page-head editor-head">
        <h1>{t("editor.title")}</h1>
        <p className="muted">
          {t("editor.base", of)}
          <span className="faint">
            {" "}
            · {dirty && draft ? t("editor.saved", { at: clock(draft.at) }) : t("editor.clean")}
          </span>
        </p>
        {live && live.id === base.id && live.version > base.version && (
          <span className="chip chip-warn">{t("editor.rebase", { id: live.id, version: live.version })}</span>
        )}
        <Select
          className="editor-jump"
          showSearch={{ optionFilterProp: "label" }}
          value={null}
          placeholder={t("editor.jump")}
          aria-label={t("editor.jump")}
          onChange={(line: number | null) => line && editor.current?.goTo(line)}
          options={places.map(({ id, line }) => ({ value: line, label: nameOf(id, base, i18n.language) }))}
        />
        <Actions
          text={text}
          ready={ready && dirty}
          dirty={dirty}
          onDiscard={() => editor.current?.replace(base.text)}
          onPublished={() => keep(undefined)}
        />
      </div>
      {narrow && <p className="callout">{t("editor.narrow")}</p>}
      <div className="editor">
        <div className="panel editor-code">
          <Suspense fallback={<Skeleton className="panel-pad" active paragraph={{ rows: 14 }} />}>
            <CodeEditor
              text={text}
              label={t("editor.label")}
              marks={marks}
              onChange={setText}
              handle={editor}
              goTo={places.find((p) => p.id === rule)?.line}
            />
          </Suspense>
          <p className="editor-keys faint">{t("editor.keys")}</p>
        </div>
        <Side state={state} base={base} text={text} ready={ready} onLine={(line) => editor.current?.goTo(line)} />
      </div>
    </>
  );
}

function nameOf(id: string, { rules }: Ruleset, language: string): string {
  const rule = rules.find((r) => r.id === id);
  return rule ? `${id} ${inLanguage(rule.title, language)}` : id;
}

// useSettled follows a text that is being written, once there is a pause.
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), PAUSE);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}

interface ActionsProps {
  text: string;
  ready: boolean;
  dirty: boolean;
  onDiscard: () => void;
  onPublished: () => void;
}

function Actions({ text, ready, dirty, onDiscard, onPublished }: ActionsProps) {
  const { t } = useTranslation("rules");
  const { message, modal } = App.useApp();
  const navigate = editorRoute.useNavigate();
  const may = useMay("rulesets:write");
  const publish = usePublish();
  const [asking, setAsking] = useState(false);

  async function run() {
    try {
      const { id, version } = await publish.mutateAsync(text);
      onPublished();
      message.success(t("editor.published", { id, version }));
      navigate({ to: "/rules/$id/$version", params: { id, version: String(version) } });
    } catch {
      // shown in the dialog
    }
  }

  const discard = () =>
    modal.confirm({
      title: t("editor.discard"),
      content: t("editor.discard.hint"),
      okText: t("editor.discard"),
      onOk: onDiscard,
    });

  return (
    <span className="page-action editor-actions">
      {dirty && <Button onClick={discard}>{t("editor.discard")}</Button>}
      {may ? (
        <Button type="primary" disabled={!ready} onClick={() => setAsking(true)}>
          {t("editor.publish")}
        </Button>
      ) : (
        <small className="muted">{t("editor.mayNot")}</small>
      )}
      <Modal
        open={asking}
        title={t("editor.publish")}
        okText={t("editor.publish")}
        confirmLoading={publish.isPending}
        onOk={run}
        onCancel={() => setAsking(false)}
      >
        <p className="muted">{t("editor.publish.hint")}</p>
        <ProblemLine error={publish.error} />
      </Modal>
    </span>
  );
}

interface ChangeState {
  checked?: Checked;
  checking: boolean;
  error: unknown;
  dirty: boolean;
}

interface SideProps {
  state: ChangeState;
  base: Ruleset;
  text: string;
  ready: boolean;
  onLine: (line: number) => void;
}

// Side tells beside the text what is wrong with it, what it changes, and how it would do.
function Side({ state, base, text, ready, onLine }: SideProps) {
  const { t, i18n } = useTranslation("rules");
  const [tab, setTab] = useState("changes");
  const [asking, setAsking] = useState(false);
  const [job, setJob] = useState<{ id: string; text: string }>();
  const problems = state.checked?.problems ?? [];
  const { diff, ruleset: draft } = state.checked ?? {};
  const n = (value: number) => (value > 0 ? count(value, i18n.language) : "");
  const wrong = problems.length > 0;
  return (
    <aside className="panel editor-side">
      <p className="editor-state" data-state={wrong ? "wrong" : state.checking ? "checking" : "ok"} role="status">
        {wrong ? `${t("editor.problems")} ${n(problems.length)}` : t(state.checking ? "editor.checking" : "editor.ok")}
      </p>
      <ProblemLine error={state.error} />
      {wrong ? (
        <ProblemList problems={problems} onLine={onLine} />
      ) : (
        <>
          <Tabs
            className="panel-tabs"
            activeKey={tab}
            onChange={setTab}
            items={[
              { key: "changes", label: `${t("editor.changes")} ${diff ? n(changes(diff)) : ""}` },
              { key: "backtest", label: t("version.backtest") },
            ]}
          />
          <div className="editor-side-body">
            {tab === "changes" && diff && <DiffView diff={diff} from={base} to={draft} />}
            {tab === "backtest" && (
              <EditorBacktest
                id={job?.id}
                stale={job !== undefined && job.text !== text}
                ready={ready}
                onStart={() => setAsking(true)}
              />
            )}
          </div>
        </>
      )}
      {asking && (
        <BacktestForm
          text={text}
          onClose={() => setAsking(false)}
          onStarted={(id) => {
            setJob({ id, text });
            setAsking(false);
          }}
        />
      )}
    </aside>
  );
}

function ProblemList({ problems, onLine }: { problems: Problem[]; onLine: (line: number) => void }) {
  const { t, i18n } = useTranslation("rules");
  return (
    <ol className="problems">
      {problems.map((p) => (
        <li key={`${p.line}:${p.column} ${p.path} ${p.message.en}`}>
          <button type="button" onClick={() => onLine(p.line)}>
            <b className="figures">{t("editor.line", { line: p.line })}</b>
            <span>{inLanguage(p.message, i18n.language)}</span>
            {p.path && <code className="faint">{p.path}</code>}
          </button>
        </li>
      ))}
    </ol>
  );
}
