import { useTranslation } from "react-i18next";
import { fieldOf } from "../intake/fields";
import { inLanguage } from "../shell/i18n";
import type { DecisionDetail, Ruleset } from "./vocabulary";

interface Props {
  kind: string; // of the decided event
  items: DecisionDetail["not_evaluable"];
  ruleset?: Ruleset;
}

// What a rule can fail by other than something missing.
const failures = {
  "!division": "notEvaluable.division",
  "!limit": "notEvaluable.limit",
  "!failed": "notEvaluable.failed",
} as const;

// NotEvaluable lists the rules that could not speak, and what they missed. Unknown is never suspicion.
export function NotEvaluable({ kind, items, ruleset }: Props) {
  const { t, i18n } = useTranslation("prevent");
  if (items.length === 0) return null;
  return (
    <section className="panel">
      <h2>
        {t("notEvaluable.title")} <span className="faint figures">{items.length}</span>
        <small className="muted">{t("notEvaluable.hint")}</small>
      </h2>
      <table className="values">
        <tbody>
          {items.map(({ rule, missing }) => {
            const known = ruleset?.rules.find((r) => r.id === rule);
            return (
              <tr key={rule}>
                <th scope="row">
                  {known && <span>{inLanguage(known.title, i18n.language)} </span>}
                  <span className="mono faint">{rule}</span>
                </th>
                <td>
                  <Why kind={kind} missing={missing} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Why({ kind, missing }: { kind: string; missing: string }) {
  const { t, i18n } = useTranslation("prevent");
  if (isFailure(missing)) return t(failures[missing]);
  const field = fieldOf(kind, missing.replace(/^event\./, ""));
  return (
    <>
      <span className="faint">{t("notEvaluable.missing")}</span> {field && inLanguage(field.title, i18n.language)}{" "}
      <span className="mono faint">{missing}</span>
    </>
  );
}

const isFailure = (name: string): name is keyof typeof failures => name in failures;
