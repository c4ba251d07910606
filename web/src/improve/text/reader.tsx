import { App, Button, Checkbox, Input, Select } from "antd";
import { Fragment, useState } from "react";
import { useTranslation } from "react-i18next";
import { FamilyChip, TypologyChip } from "../../prevent/chips";
import { share } from "../../shell/format";
import { inLanguage } from "../../shell/i18n";
import { Nothing } from "../../shell/loaded";
import { ProblemLine } from "../../shell/problem";
import { useWord } from "../../shell/word";
import { FamilyDetail } from "./family-detail";
import { Marked, type Note } from "./marked";
import { AUTHORS, type Author, type Lookup, type Scan, useLookup, useScan } from "./queries";
import type { Mark } from "./spans";
import "../../prevent/prevent.css";
import "./text.css";

// Reader reads one pasted text: what its words mean, what it wants, and which other texts were made from the same template.
// Nothing of it is stored.
export function Reader() {
  const { t } = useTranslation("text");
  const { message } = App.useApp();
  const word = useWord();
  const [text, setText] = useState("");
  const [author, setAuthor] = useState<Author>("customer");
  const [agreement, setAgreement] = useState(false);
  const [read, setRead] = useState<string>(); // the text that the results are of
  const scan = useScan();
  const lookup = useLookup();
  const busy = scan.isPending || lookup.isPending;

  async function run() {
    if (!text.trim()) {
      message.info(t("reader.empty"));
      return;
    }
    setRead(text);
    lookup.reset();
    await Promise.allSettled([
      scan.mutateAsync({ text, author, agreement }),
      lookup.mutateAsync({ text: text.slice(0, 20_000), author }),
    ]);
  }

  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("reader.title")}</h1>
        <p className="muted">{t("reader.hint")}</p>
      </div>
      <section className="panel panel-pad reader-input">
        <Input.TextArea
          value={text}
          onChange={(e) => setText(e.target.value)}
          onKeyDown={(e) => e.key === "Enter" && (e.ctrlKey || e.metaKey) && run()}
          autoSize={{ minRows: 5, maxRows: 14 }}
          maxLength={200_000}
          placeholder={t("reader.placeholder")}
          aria-label={t("reader.placeholder")}
        />
        <div className="form-row">
          <Select
            value={author}
            onChange={setAuthor}
            aria-label={t("author")}
            popupMatchSelectWidth={false}
            options={AUTHORS.map((value) => ({ value, label: word("text:author", value) }))}
          />
          <Checkbox checked={agreement} onChange={(e) => setAgreement(e.target.checked)}>
            {t("reader.agreement")}
          </Checkbox>
          <span className="fill" />
          <Button type="primary" loading={busy} onClick={run}>
            {t("reader.run")}
          </Button>
        </div>
        <ProblemLine error={scan.error ?? lookup.error} />
      </section>
      {scan.data && read !== undefined && <Findings text={read} scan={scan.data} />}
      {lookup.data && <Siblings lookup={lookup.data} />}
    </div>
  );
}

function Findings({ text, scan }: { text: string; scan: Scan }) {
  const { t, i18n } = useTranslation("text");
  const word = useWord();
  const { language } = i18n;
  const marks: Mark<Note>[] = [
    ...scan.terms.map((hit) => ({
      span: hit.span,
      of: {
        tone: hit.weak || hit.context ? ("weak" as const) : ("term" as const),
        title: (
          <>
            <b>{hit.text}</b> · {inLanguage(hit.sense, language)}
            {hit.context && ` · ${word("text:context", hit.context)}`}
          </>
        ),
      },
    })),
    ...scan.contacts.map((c) => ({
      span: c.span,
      of: { tone: "contact" as const, title: `${word("text:contact", c.kind)} ${c.value}` },
    })),
    ...scan.clauses.map((c) => ({
      span: c.span,
      of: { tone: "clause" as const, title: inLanguage(c.text, language) },
    })),
    ...(scan.intent.suspicious ? (scan.intent.spans ?? []) : []).map((span) => ({
      span,
      of: { tone: "intent" as const, title: "" },
    })),
  ];
  return (
    <div className="columns reader-columns">
      <section className="panel">
        <h2>{t("reader.text")}</h2>
        <div className="panel-pad">
          <Marked text={text} marks={marks} />
          {scan.cut && <p className="muted">{t("reader.cut")}</p>}
        </div>
      </section>
      <div>
        <section className="panel">
          <h2>{t("reader.verdict")}</h2>
          <div className="panel-pad">
            <p className="verdict" data-suspicious={scan.intent.suspicious}>
              <b>{word("text:intent", scan.intent.label)}</b>
              <span className="figures">{share(scan.intent.probability, 1, language)}</span>
              <TypologyChip typology={scan.typology} />
            </p>
            <p className="muted">{t("reader.verdict.hint")}</p>
            {scan.unlawful && <p className="callout">{t("reader.unlawful")}</p>}
            <ul className="signals">
              {scan.signals.map((s, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
                <li key={i}>
                  <span className="mono">{s.code}</span>
                  <FamilyChip family={s.family} />
                  <TypologyChip typology={s.typology} />
                  <span className="faint">
                    {t(s.polarity === "hardship" ? "polarity.hardship" : "polarity.suspicion")}
                  </span>
                </li>
              ))}
            </ul>
          </div>
        </section>
        <Annex scan={scan} />
        {scan.clauses.length > 0 && (
          <section className="panel">
            <h2>{t("reader.clauses")}</h2>
            <ul className="panel-pad clauses">
              {scan.clauses.map((c) => (
                <li key={`${c.rule} ${c.span.start}`}>
                  <b>{inLanguage(c.text, language)}</b>
                  <p className="muted">{inLanguage(c.advice, language)}</p>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </div>
  );
}

// Annex is the explanation of slang that a court asks for (暗语说明).
function Annex({ scan }: { scan: Scan }) {
  const { t, i18n } = useTranslation("text");
  return (
    <section className="panel">
      <h2>
        {t("annex.title")} <small>{t("annex.hint")}</small>
      </h2>
      {scan.annex.length === 0 ? (
        <p className="panel-pad muted">{t("annex.none")}</p>
      ) : (
        <dl className="facts panel-pad annex">
          {scan.annex.map((x) => (
            <Fragment key={x.term}>
              <dt>{x.raw.join("、")}</dt>
              <dd>
                {inLanguage(x.sense, i18n.language)} <small className="faint">{x.source}</small>
              </dd>
            </Fragment>
          ))}
        </dl>
      )}
    </section>
  );
}

function Siblings({ lookup }: { lookup: Lookup }) {
  const { t } = useTranslation("text");
  return (
    <section className="panel">
      <h2>
        {t("family.same")} {lookup.template && <small>{t("family.template", { title: lookup.template })}</small>}
      </h2>
      {lookup.family ? (
        <div className="panel-pad">
          <FamilyDetail family={lookup.family} />
        </div>
      ) : (
        <Nothing title={t("family.alone")} hint={t("family.alone.hint")} />
      )}
    </section>
  );
}
