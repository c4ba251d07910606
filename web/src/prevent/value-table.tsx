import { useTranslation } from "react-i18next";
import { plain } from "../shell/format";
import { useVelocityText, velocityOf } from "./velocity";
import type { Ruleset, Value } from "./vocabulary";

interface Props {
  values?: Value[] | null;
  ruleset?: Ruleset;
  onValue: (name: string) => void;
}

// ValueTable lists named values. A velocity value leads to the events it counts.
export function ValueTable({ values, ruleset, onValue }: Props) {
  const { t, i18n } = useTranslation("prevent");
  const describe = useVelocityText();
  if (!values?.length) return <p className="muted">{t("values.none")}</p>;
  return (
    <table className="values">
      <tbody>
        {values.map(({ name, value }) => {
          const velocity = velocityOf(ruleset, name);
          const counted = name.startsWith("velocity.");
          return (
            <tr key={name}>
              <th scope="row">
                <span className="mono">{name}</span>
                {velocity && <small className="muted">{describe(velocity)}</small>}
              </th>
              <td className="figures">{plain(value, i18n.language)}</td>
              <td className="values-link">
                {counted && (
                  <button type="button" className="link" data-value={name} onClick={() => onValue(name)}>
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
