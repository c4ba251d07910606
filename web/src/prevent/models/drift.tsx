import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Figure } from "../../shell/figure";
import { count, share } from "../../shell/format";
import { Nothing } from "../../shell/loaded";
import { brief } from "./models";
import type { Scores } from "./queries";

// Drift compares the scores of the latest decisions with those of training, and with the model that stands beside.
export function Drift({ scores }: { scores: Scores }) {
  const { t, i18n } = useTranslation("models");
  return (
    <div className="report-columns">
      <section className="panel">
        <h2>{t("drift")}</h2>
        {scores.n === 0 ? (
          <Nothing title={t("drift.none")} hint={t("drift.none.hint")} />
        ) : (
          <>
            <Histogram scores={scores} />
            {scores.absent > 0 && (
              <p className="muted panel-pad">{t("drift.absent", { n: count(scores.absent, i18n.language) })}</p>
            )}
          </>
        )}
      </section>
      <Beside scores={scores} />
    </div>
  );
}

function Histogram({ scores: { cuts, now, n, then } }: { scores: Scores }) {
  const { t, i18n } = useTranslation("models");
  const bins = cuts.length + 1; // the last bin of the answer is for missing scores, which a model does not have
  const most = Math.max(...then.slice(0, bins), ...now.slice(0, bins), 0.01);
  const name = (i: number) => {
    const [from, to] = [cuts[i - 1], cuts[i]];
    if (from === undefined) return `< ${(to ?? 1).toFixed(2)}`;
    return to === undefined ? `≥ ${from.toFixed(2)}` : `${from.toFixed(2)}–${to.toFixed(2)}`;
  };
  return (
    <div className="panel-pad">
      <table className="bins">
        <tbody>
          {Array.from({ length: bins }, (_, i) => (
            <tr key={name(i)}>
              <th scope="row" className="figures muted">
                {name(i)}
              </th>
              <td>
                <i className="bins-then" style={{ width: `${((then[i] ?? 0) / most) * 100}%` }} />
                <i className="bins-now" style={{ width: `${((now[i] ?? 0) / most) * 100}%` }} />
              </td>
              <td className="right figures faint">{share(then[i] ?? 0, 1, i18n.language)}</td>
              <td className="right figures">{share(now[i] ?? 0, 1, i18n.language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="day-chart-legend">
        <span>
          <i className="bins-then" /> {t("drift.then")}
        </span>
        <span>
          <i className="bins-now" /> {t("drift.now", { n: count(n, i18n.language) })}
        </span>
      </p>
    </div>
  );
}

function Beside({ scores }: { scores: Scores }) {
  const { t, i18n } = useTranslation("models");
  const use = scores.uses.find((u) => u.beside);
  const { beside } = scores;
  if (!use?.beside)
    return (
      <section className="panel">
        <h2>{t("role.challenger")}</h2>
        <Nothing title={t("beside.none")} hint={t("beside.none.hint")} />
      </section>
    );
  const percent = (value: number) => share(value, 1, i18n.language);
  return (
    <section className="panel">
      <h2>
        {t("beside", { other: t(use.role === "champion" ? "role.challenger" : "role.champion") })}
        <Link className="panel-link mono" to="/models/$version" params={{ version: use.beside }}>
          {brief(use.beside)}
        </Link>
      </h2>
      {beside ? (
        <dl className="figures-row figures-plain">
          <Figure label={t("beside.n")}>{count(beside.n, i18n.language)}</Figure>
          <Figure label={t("beside.mean")}>{percent(beside.mean)}</Figure>
          <Figure label={t("beside.other")}>{percent(beside.other_mean)}</Figure>
          <Figure label={t("beside.difference")}>{percent(beside.difference)}</Figure>
          <Figure label={t("beside.higher")}>{share(beside.higher, beside.n, i18n.language)}</Figure>
        </dl>
      ) : (
        <Nothing title={t("drift.none")} />
      )}
    </section>
  );
}
