import { useTranslation } from "react-i18next";
import { inLanguage } from "../../shell/i18n";
import { useWord } from "../../shell/word";
import { TypologyChip } from "../chips";
import { OutcomeTag } from "../outcome";
import type { Rule, Ruleset } from "../vocabulary";
import { changes, type Diff, PARTS } from "./vocabulary";
import { Weight } from "./weight";
import { type Word, wordDiff } from "./words";

interface Props {
  diff: Diff;
  from?: Ruleset; // gives what was removed its name
  to?: Ruleset; // gives what is there its name
}

type Part = (typeof PARTS)[number];

// DiffView says what changed, by the name of each rule, velocity, list, parameter and threshold.
export function DiffView({ diff, from, to }: Props) {
  const { t } = useTranslation("rules");
  if (changes(diff) === 0) return <p className="muted panel-pad">{t("diff.none")}</p>;
  return (
    <div className="diff">
      {PARTS.filter((part) => changes({ ...empty, [part]: diff[part] }) > 0).map((part) => (
        <section key={part} data-part={part}>
          <h3>{t(`diff.part.${part}`)}</h3>
          {diff[part].added.map((id) => (
            <Whole key={id} part={part} id={id} sort="added" in={to} />
          ))}
          {diff[part].removed.map((id) => (
            <Whole key={id} part={part} id={id} sort="removed" in={from} />
          ))}
          {diff[part].changed.map((changed) => (
            <Changed key={changed.id} part={part} changed={changed} in={to} />
          ))}
        </section>
      ))}
    </div>
  );
}

const none = { added: [], removed: [], changed: [] };
const empty: Diff = {
  rules: none,
  velocities: none,
  models: none,
  lists: none,
  parameters: none,
  thresholds: none,
  decision_points: none,
};

interface NameProps {
  part: Part;
  id: string;
  sort: "added" | "removed" | "changed";
  in?: Ruleset;
}

function Name({ part, id, sort, in: ruleset }: NameProps) {
  const { t, i18n } = useTranslation("rules");
  const word = useWord();
  const rule = part === "rules" ? ruleset?.rules.find((r) => r.id === id) : undefined;
  const named =
    part === "thresholds" ? word("prevent:outcome", id) : part === "decision_points" ? word("intake:kind", id) : "";
  return (
    <p className="diff-name">
      <span className="diff-sort" data-sort={sort}>
        {t(`diff.${sort}`)}
      </span>
      {rule && <strong>{inLanguage(rule.title, i18n.language)}</strong>}
      {named && named !== id && <strong>{named}</strong>}
      <span className="mono muted">{id}</span>
      {rule && <TypologyChip typology={rule.typology} />}
    </p>
  );
}

// Whole is something that is in one of the versions only.
function Whole({ part, id, sort, in: ruleset }: NameProps) {
  const rule = part === "rules" ? ruleset?.rules.find((r) => r.id === id) : undefined;
  const velocity = part === "velocities" ? ruleset?.velocities.find((v) => v.id === id) : undefined;
  return (
    <article className="diff-item" data-sort={sort}>
      <Name part={part} id={id} sort={sort} in={ruleset} />
      {rule && <RuleLines rule={rule} />}
      {velocity && (
        <pre className="diff-code">
          {velocity.agg} {velocity.key}
          {velocity.of ? ` · ${velocity.of}` : ""} · {velocity.window}
          {velocity.where ? `\n${velocity.where}` : ""}
        </pre>
      )}
    </article>
  );
}

function RuleLines({ rule }: { rule: Rule }) {
  return (
    <div className="diff-rule">
      <Weight weight={rule.weight} polarity={rule.polarity} />
      {rule.outcome && <OutcomeTag outcome={rule.outcome} />}
      <pre className="diff-code">{rule.when.trim()}</pre>
    </div>
  );
}

function Changed({
  part,
  changed,
  in: ruleset,
}: {
  part: Part;
  changed: Diff["rules"]["changed"][number];
  in?: Ruleset;
}) {
  const word = useWord();
  return (
    <article className="diff-item" data-sort="changed">
      <Name part={part} id={changed.id} sort="changed" in={ruleset} />
      <dl className="diff-fields">
        {changed.fields.map(({ field, from, to }) => (
          <div key={field} className="diff-field" data-field={field}>
            <dt>{word("rules:diff.field", field)}</dt>
            <dd>
              {short(from) && short(to) ? (
                <>
                  <del>{from || "–"}</del> <span className="faint">→</span> <ins>{to || "–"}</ins>
                </>
              ) : (
                <Words words={wordDiff(from, to)} />
              )}
            </dd>
          </div>
        ))}
      </dl>
    </article>
  );
}

const short = (text: string) => text.length <= 24;

function Words({ words }: { words: Word[] }) {
  return (
    <pre className="diff-code">
      {words.map(({ text, sort }, i) => {
        const Tag = sort === "same" ? "span" : sort;
        // biome-ignore lint/suspicious/noArrayIndexKey: the words of one comparison never move
        return <Tag key={i}>{text}</Tag>;
      })}
    </pre>
  );
}
