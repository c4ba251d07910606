import { queryOptions } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Answer } from "../../api/client";
import { api, ok } from "../../api/client";
import { Figure } from "../../shell/figure";
import { count } from "../../shell/format";
import { OutcomeTag } from "../outcome";

export type Preview = Answer<"/v1/approvals/{id}/preview">;

export function approvalImpact(id: string) {
  return queryOptions({
    queryKey: ["approvals", id, "impact"],
    queryFn: ({ signal }) => ok(api.GET("/v1/approvals/{id}/preview", { params: { path: { id } }, signal })),
  });
}

// Impact says whom a change would concern: how many customers, what was decided about them, and who of them is in hardship.
export function Impact({ preview: p }: { preview: Preview }) {
  const { t, i18n } = useTranslation("lists");
  const n = (value: number) => count(value, i18n.language);
  return (
    <div className="impact">
      {p.customers + p.events === 0 ? (
        <p className="muted">{t("impact.none", { days: p.days })}</p>
      ) : (
        <>
          <dl className="figures-row">
            <Figure label={t("impact.customers", { days: p.days })}>{n(p.customers)}</Figure>
            <Figure label={t("impact.events")}>{n(p.events)}</Figure>
            <Figure
              label={t("impact.hardship")}
              hint={t("impact.hardship.hint")}
              tone={p.hardship > 0 ? "act" : "hardship"}
              note={p.hardship > 0 ? t("impact.alarm") : undefined}
            >
              {n(p.hardship)}
            </Figure>
          </dl>
          <p className="impact-by">
            <span className="muted">{t("impact.by")}</span>
            {p.by_outcome
              .filter((o) => o.customers > 0)
              .map((o) => (
                <span key={o.outcome}>
                  <OutcomeTag outcome={o.outcome} /> <b className="figures">{n(o.customers)}</b>
                </span>
              ))}
          </p>
        </>
      )}
      {p.skipped > 0 && <p className="muted">{t("impact.skipped", { n: n(p.skipped) })}</p>}
      {p.truncated && <p className="muted">{t("impact.truncated")}</p>}
    </div>
  );
}
