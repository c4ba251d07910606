import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { DecisionList } from "./decision-list";
import { holdList } from "./queries";
import "./prevent.css";

// Holds is the queue of decisions that stand until a person releases them.
export function Holds() {
  const { t } = useTranslation("prevent");
  const navigate = useNavigate();
  const query = useInfiniteQuery(holdList);
  return (
    <div className="page page-fill">
      <div className="page-head">
        <h1>{t("holds.title")}</h1>
        <p className="muted">{t("holds.hint")}</p>
      </div>
      <div className="panel panel-fill">
        <DecisionList
          query={query}
          empty={
            <div className="notice">
              <strong>{t("empty.holds")}</strong>
              <p className="muted">{t("empty.holds.hint")}</p>
            </div>
          }
          onOpen={({ id }) => navigate({ to: "/decisions/$id", params: { id }, search: { in: "holds" } })}
        />
      </div>
    </div>
  );
}
