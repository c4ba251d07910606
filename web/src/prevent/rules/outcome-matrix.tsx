import { useTranslation } from "react-i18next";
import { count } from "../../shell/format";
import { useWord } from "../../shell/word";
import { OutcomeTag } from "../outcome";
import { OUTCOMES } from "../vocabulary";

interface Pair {
  live: string;
  candidate: string;
  events: number;
}

// OutcomeMatrix shows how outcomes move from one version (rows) to another (columns).
export function OutcomeMatrix({ pairs }: { pairs: readonly Pair[] }) {
  const { t, i18n } = useTranslation("rules");
  const word = useWord();
  const cells = new Map(pairs.map((p) => [`${p.live} ${p.candidate}`, p.events]));
  const shown = OUTCOMES.filter((o) => pairs.some((p) => p.live === o || p.candidate === o));
  const moved = pairs.filter((p) => p.live !== p.candidate);
  const severity = (o: string) => OUTCOMES.indexOf(o as (typeof OUTCOMES)[number]);
  const sum = (all: readonly Pair[]) => all.reduce((n, p) => n + p.events, 0);
  const sterner = sum(moved.filter((p) => severity(p.candidate) > severity(p.live)));
  return (
    <div className="matrix-box">
      <table className="matrix">
        <thead>
          <tr>
            <td />
            {shown.map((o) => (
              <th key={o} scope="col">
                {word("prevent:outcome", o)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((live) => (
            <tr key={live}>
              <th scope="row">
                <OutcomeTag outcome={live} />
              </th>
              {shown.map((candidate) => {
                const n = cells.get(`${live} ${candidate}`) ?? 0;
                const way = severity(candidate) - severity(live);
                return (
                  <td
                    key={candidate}
                    className="figures"
                    data-way={n === 0 || way === 0 ? undefined : way > 0 ? "sterner" : "milder"}
                    data-same={way === 0 || undefined}
                  >
                    {n > 0 ? count(n, i18n.language) : ""}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="matrix-sum muted figures">
        {t("matrix.same")} {count(sum(pairs) - sum(moved), i18n.language)} ·{" "}
        <b data-way="sterner">{t("matrix.sterner")}</b> {count(sterner, i18n.language)} ·{" "}
        <b data-way="milder">{t("matrix.milder")}</b> {count(sum(moved) - sterner, i18n.language)}
      </p>
    </div>
  );
}
