import { useTranslation } from "react-i18next";
import { Change } from "../../shell/figure";
import { count, share } from "../../shell/format";
import { useWord } from "../../shell/word";
import { TypologyChip } from "../chips";
import type { Report } from "./vocabulary";

type Cases = NonNullable<Report["cases"]>;
type Group = Cases["groups"][number];

// ReportGroups tells by population and typology how many are flagged and stopped: adverse cases first, then those who should
// have been left alone.
export function ReportGroups({ cases }: { cases: Cases }) {
  const { t } = useTranslation("rules");
  const adverse = cases.groups.filter((g) => g.typology);
  const innocent = cases.groups.filter((g) => !g.typology);
  return (
    <section className="panel">
      <h2>{t("report.groups")}</h2>
      <div className="table-box">
        <table className="grid">
          <thead>
            <tr>
              <th>{t("report.population")}</th>
              <th>{t("column.typology")}</th>
              <th className="right">{t("report.cases")}</th>
              <th className="right" colSpan={2}>
                {t("report.flagged")}
              </th>
              <th className="right" colSpan={2}>
                {t("report.stoppedShort")}
              </th>
            </tr>
          </thead>
          <Groups title={t("report.adverse")} groups={adverse} good="up" />
          <Groups title={t("report.innocent")} groups={innocent} good="down" />
        </table>
      </div>
    </section>
  );
}

function Groups({ title, groups, good }: { title: string; groups: Group[]; good: "up" | "down" }) {
  const { i18n } = useTranslation();
  const word = useWord();
  if (groups.length === 0) return null;
  const cells = (pair: Group["flagged"], of: number) => (
    <>
      <td className="right figures">
        <b>{count(pair.candidate, i18n.language)}</b>{" "}
        <small className="muted">{share(pair.candidate, of, i18n.language)}</small>
      </td>
      <td className="right change-cell">
        <Change from={pair.live} to={pair.candidate} good={good} />
      </td>
    </>
  );
  return (
    <tbody data-good={good}>
      <tr className="grid-part">
        <th colSpan={7}>{title}</th>
      </tr>
      {groups.map((g) => (
        <tr key={`${g.population} ${g.typology}`}>
          <td>{word("rules:population", g.population) || "–"}</td>
          <td>{g.typology ? <TypologyChip typology={g.typology} /> : <span className="faint">–</span>}</td>
          <td className="right figures">{count(g.cases, i18n.language)}</td>
          {cells(g.flagged, g.cases)}
          {cells(g.stopped, g.cases)}
        </tr>
      ))}
    </tbody>
  );
}
