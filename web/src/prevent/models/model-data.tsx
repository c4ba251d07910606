import { useTranslation } from "react-i18next";
import { count, share } from "../../shell/format";
import type { Card } from "./queries";

// ModelData tells where a model comes from, what it reads, and where it must not be trusted.
export function ModelData({ card }: { card: Card }) {
  const { t, i18n } = useTranslation("models");
  const leaks = card.leaks ?? [];
  return (
    <>
      <div className="report-columns">
        <section className="panel">
          <h2>{t("limits")}</h2>
          <ul className="limits">
            {card.limits.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </section>
        <section className="panel">
          <h2>{t("data")}</h2>
          <dl className="facts">
            <dt>{t("data.version")}</dt>
            <dd className="mono">{card.version}</dd>
            <dt>{t("data.hash")}</dt>
            <dd className="mono">{card.data.hash}</dd>
            <dt>{t("data.target")}</dt>
            <dd className="mono">{card.data.target}</dd>
            <dt>{t("data.library")}</dt>
            <dd>
              {card.library} · {t("data.seed")} <span className="figures">{card.seed}</span>
            </dd>
            <dt>{t("data.seconds")}</dt>
            <dd className="figures">
              {t("data.seconds.value", { n: count(Math.round(card.seconds), i18n.language) })}
            </dd>
            <dt>{t("data.parity")}</dt>
            <dd className="figures">
              {card.parity.margin.toExponential(1)} · SHAP {card.parity.contributions.toExponential(1)}
            </dd>
            {leaks.length > 0 && (
              <>
                <dt>{t("data.leaks")}</dt>
                <dd className="mono">{leaks.map((l) => l.column).join(" ")}</dd>
              </>
            )}
          </dl>
        </section>
      </div>
      <details className="panel fold">
        <summary>
          {t("columns")} <span className="faint figures">{count(card.columns.length, i18n.language)}</span>
        </summary>
        <div className="table-box">
          <table className="grid">
            <thead>
              <tr>
                <th>{t("segments.column")}</th>
                <th>{t("columns.use")}</th>
                <th className="right">{t("columns.missing")}</th>
                <th className="right">{t("columns.distinct")}</th>
                <th className="right">{t("columns.alone")}</th>
                <th>{t("columns.why")}</th>
              </tr>
            </thead>
            <tbody>
              {card.columns.map((c) => (
                <tr key={c.name}>
                  <td className="mono">{c.name}</td>
                  <td>{c.use}</td>
                  <td className="right figures">{share(c.missing, 1, i18n.language)}</td>
                  <td className="right figures">{count(c.distinct, i18n.language)}</td>
                  <td className="right figures">{c.auc > 0 ? c.auc.toFixed(3) : "–"}</td>
                  <td className="muted">{c.why}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}
