import { DownloadOutlined, LeftOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { Figure } from "../../shell/figure";
import { count, share } from "../../shell/format";
import { Loaded } from "../../shell/loaded";
import { When } from "../../shell/when";
import { Drift } from "./drift";
import { ModelData } from "./model-data";
import { brief } from "./models";
import { type Card, type ModelDetail, model, type Scores, scores } from "./queries";
import { modelRoute } from "./routes";
import { Uses } from "./uses";
import "../prevent.css";
import "../rules/rules.css";

// ModelPage is the card of one trained model: how good it is, what moves it, for whom, whether it has drifted, and where it
// must not be trusted.
export function ModelPage() {
  const { t } = useTranslation("models");
  const { version } = modelRoute.useParams();
  const watched = useQuery(scores(version));
  return (
    <div className="page">
      <div className="trail">
        <Link to="/models">
          <Button type="text" size="small" icon={<LeftOutlined />}>
            {t("back")}
          </Button>
        </Link>
      </div>
      <Loaded query={useQuery(model(version))}>
        {(detail) => detail.card && <Shown detail={detail} card={detail.card} scores={watched.data} />}
      </Loaded>
    </div>
  );
}

function Shown({ detail: m, card, scores }: { detail: ModelDetail; card: Card; scores?: Scores }) {
  const { t, i18n } = useTranslation("models");
  const nameOf = useNameOf();
  const n = (value: number) => count(value, i18n.language);
  return (
    <>
      <section className="panel version-head">
        <div>
          <h1>
            {m.note || m.target} <span className="mono faint">{brief(m.version)}</span>
          </h1>
          <p className="muted">
            <When at={m.trained_at} /> · {nameOf(m.author)} · {scores && <Uses uses={scores.uses} />}
          </p>
        </div>
        <a href={`/v1/models/${m.version}/archive`} download>
          <Button icon={<DownloadOutlined />}>{t("archive")}</Button>
        </a>
      </section>
      <dl className="figures-row">
        {(["auc", "ks", "ap"] as const).map((key) => (
          <Figure key={key} label={t(key)} hint={t(`${key}.hint`)}>
            {m.metrics[key].toFixed(3)}
          </Figure>
        ))}
        <Figure label={t("brier")} hint={t("brier.hint")}>
          {card.brier.toFixed(3)}
        </Figure>
        <Figure label={t("rows")} note={t("rows.note", { share: share(m.positives, m.rows, i18n.language) })}>
          {n(m.rows)}
        </Figure>
        {scores && scores.n > 0 && (
          <Figure
            label={t("psi")}
            hint={t("psi.hint")}
            tone={scores.psi > 0.25 ? "act" : undefined}
            note={t(psiWord(scores))}
          >
            {scores.psi.toFixed(3)}
          </Figure>
        )}
      </dl>
      <div className="report-columns">
        <ImportancePanel card={card} />
        <Reliability card={card} />
      </div>
      {scores && <Drift scores={scores} />}
      <Segments card={card} />
      <ModelData card={card} />
    </>
  );
}

function psiWord({ n, psi }: Scores) {
  if (n < 200) return "psi.few";
  return psi < 0.1 ? "psi.stable" : psi <= 0.25 ? "psi.shifting" : "psi.shifted";
}

function ImportancePanel({ card }: { card: Card }) {
  const { t } = useTranslation("models");
  const [all, setAll] = useState(false);
  const shown = all ? card.importance : card.importance.slice(0, 12);
  const most = Math.max(...card.importance.map((i) => i.mean), 1e-9);
  return (
    <section className="panel">
      <h2>
        {t("importance")} <small className="muted">{t("importance.hint")}</small>
      </h2>
      <ul className="ranked importance">
        {shown.map((i) => (
          <li key={i.column}>
            <span className="mono cut" title={i.column}>
              {i.column}
            </span>
            <span className="bar figures">
              <i style={{ width: `max(2px, ${(i.mean / most) * 100}%)` }} />
              {i.mean.toFixed(3)}
            </span>
          </li>
        ))}
      </ul>
      {card.importance.length > shown.length && (
        <p className="more">
          <Button block onClick={() => setAll(true)}>
            {t("importance.all", { n: card.importance.length })}
          </Button>
        </p>
      )}
    </section>
  );
}

// Reliability draws predicted probability against what happened; on the diagonal they are the same.
function Reliability({ card }: { card: Card }) {
  const { t, i18n } = useTranslation("models");
  const top = Math.max(0.05, ...card.reliability.flatMap((r) => [r.predicted, r.observed])) * 1.08;
  const at = (v: number) => (v / top) * 200;
  const percent = (v: number) => share(v, 1, i18n.language);
  return (
    <section className="panel">
      <h2>
        {t("reliability")} <small className="muted">{t("reliability.hint")}</small>
      </h2>
      <div className="reliability">
        <svg viewBox="-34 -6 248 232" role="img" aria-label={t("reliability.hint")}>
          <path d="M0 200 L200 0" className="day-chart-line" strokeDasharray="4 4" />
          <path d="M0 0 V200 H200" fill="none" className="day-chart-line" />
          {[0.5, 1].map((part) => (
            <g key={part}>
              <text x={-6} y={200 - part * 200 + 4} textAnchor="end">
                {percent(top * part)}
              </text>
              <text x={part * 200} y={216} textAnchor="middle">
                {percent(top * part)}
              </text>
            </g>
          ))}
          <polyline
            className="reliability-line"
            points={card.reliability.map((r) => `${at(r.predicted)},${200 - at(r.observed)}`).join(" ")}
          />
          {card.reliability.map((r) => (
            <circle key={r.predicted} cx={at(r.predicted)} cy={200 - at(r.observed)} r={3.5}>
              <title>
                {t("reliability.predicted")} {percent(r.predicted)} · {t("reliability.observed")} {percent(r.observed)}{" "}
                · {count(r.n, i18n.language)}
              </title>
            </circle>
          ))}
        </svg>
        <p className="muted">
          → {t("reliability.predicted")} · ↑ {t("reliability.observed")}
        </p>
      </div>
    </section>
  );
}

function Segments({ card }: { card: Card }) {
  const { t, i18n } = useTranslation("models");
  if (card.segments.length === 0) return null;
  const percent = (v: number) => share(v, 1, i18n.language);
  return (
    <section className="panel">
      <h2>{t("segments")}</h2>
      <div className="table-box">
        <table className="grid">
          <thead>
            <tr>
              <th>{t("segments.column")}</th>
              <th>{t("segments.level")}</th>
              <th className="right">{t("segments.n")}</th>
              <th className="right">{t("segments.rate")}</th>
              <th className="right">{t("segments.predicted")}</th>
              <th className="right">{t("auc")}</th>
            </tr>
          </thead>
          <tbody>
            {card.segments.map((s, i) => (
              <tr key={`${s.column} ${s.level}`}>
                <td className="mono">{card.segments[i - 1]?.column === s.column ? "" : s.column}</td>
                <td className="mono">{s.level || <span className="faint">{t("segments.missing")}</span>}</td>
                <td className="right figures">{count(s.n, i18n.language)}</td>
                <td className="right figures">{percent(s.rate)}</td>
                <td className="right figures">{percent(s.predicted)}</td>
                <td className="right figures">
                  <b>{s.auc.toFixed(3)}</b>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
