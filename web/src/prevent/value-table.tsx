import { useTranslation } from "react-i18next";
import { fieldOf } from "../intake/fields";
import { measured } from "../shell/format";
import { inLanguage } from "../shell/i18n";
import { useVelocityText, velocityOf } from "./velocity";
import type { Ruleset, Value } from "./vocabulary";

interface Props {
  kind: string; // of the decided event
  values?: Value[];
  ruleset?: Ruleset;
  onValue: (name: string) => void;
}

// ValueTable lists named values with what they mean. A velocity value leads to the events it counts.
export function ValueTable({ kind, values, ruleset, onValue }: Props) {
  const { t } = useTranslation("prevent");
  const explain = useMeaning(kind, ruleset);
  if (!values?.length) return <p className="muted">{t("values.none")}</p>;
  return (
    <table className="values">
      <tbody>
        {values.map((value) => {
          const { meaning, text } = explain(value);
          return (
            <tr key={value.name}>
              <th scope="row">
                <span className="mono">{value.name}</span>
                {meaning && <small className="muted">{meaning}</small>}
              </th>
              <td className="figures">{text}</td>
              <td className="values-link">
                {value.name.startsWith("velocity.") && (
                  <button type="button" className="link" data-value={value.name} onClick={() => onValue(value.name)}>
                    {t("values.events")}
                  </button>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

// useMeaning says in words what a value is, and writes it by its unit: a field of the event or a velocity of the ruleset.
export function useMeaning(kind: string, ruleset?: Ruleset): (value: Value) => { meaning?: string; text: string } {
  const { i18n } = useTranslation();
  const describe = useVelocityText();
  const write = (value: unknown, unit?: "money" | "time") => measured(value, i18n.language, unit);
  return ({ name, value }) => {
    const velocity = velocityOf(ruleset, name);
    if (velocity) {
      const summed = velocity.agg === "sum" ? fieldOf(velocity.on[0] ?? "", velocity.of ?? "") : undefined;
      return { meaning: describe(velocity), text: write(value, summed?.unit) };
    }
    const field = name.startsWith("event.") ? fieldOf(kind, name.slice("event.".length)) : undefined;
    return { meaning: field && inLanguage(field.title, i18n.language), text: write(value, field?.unit) };
  };
}
