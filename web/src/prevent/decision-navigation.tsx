import { DownOutlined, LeftOutlined, UpOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { Button, Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { type DecisionFilters, readFilters } from "./filters";
import { decisionList, holdList } from "./queries";
import { decisionRoute } from "./routes";

interface Neighbours {
  back: () => void;
  previous: () => void;
  next: () => void;
  hasPrevious: boolean;
  hasNext: boolean;
  list: "decisions" | "holds";
}

// useNeighbours finds the decisions before and after this one in the list it was opened from, as far as that was read.
export function useNeighbours(id: string): Neighbours {
  const search = decisionRoute.useSearch();
  const navigate = decisionRoute.useNavigate();
  const identifier = useRouterState({ select: (s) => s.location.state.identifier });
  const filters = readFilters({ ...search });
  const listed: DecisionFilters = identifier ? { ...filters, q: identifier } : filters;
  const inHolds = search.in === "holds";
  const decisions = useInfiniteQuery({ ...decisionList(listed), enabled: false });
  const holds = useInfiniteQuery({ ...holdList, enabled: false });
  const ids = (inHolds ? holds : decisions).data?.pages.flatMap((page) => page.items.map((row) => row.id)) ?? [];
  const at = ids.indexOf(id);
  const previous = at > 0 ? ids[at - 1] : undefined;
  const next = at >= 0 ? ids[at + 1] : undefined;

  function go(to: string | undefined) {
    if (!to) return;
    const kept = inHolds ? { in: "holds" as const } : filters;
    navigate({ to: "/decisions/$id", params: { id: to }, search: kept, state: { identifier }, replace: true });
  }
  return {
    back: () =>
      inHolds ? navigate({ to: "/holds" }) : navigate({ to: "/decisions", search: filters, state: { identifier } }),
    previous: () => go(previous),
    next: () => go(next),
    hasPrevious: previous !== undefined,
    hasNext: next !== undefined,
    list: inHolds ? "holds" : "decisions",
  };
}

export function DecisionNavigation({ back, previous, next, hasPrevious, hasNext, list }: Neighbours) {
  const { t } = useTranslation("prevent");
  return (
    <div className="trail">
      <Button type="text" size="small" icon={<LeftOutlined />} onClick={back}>
        {t(`${list}.title`)}
      </Button>
      <span className="trail-end">
        <Tooltip title={`${t("decision.previous")} (k)`}>
          <Button
            size="small"
            icon={<UpOutlined />}
            disabled={!hasPrevious}
            aria-label={t("decision.previous")}
            onClick={previous}
          />
        </Tooltip>
        <Tooltip title={`${t("decision.next")} (j)`}>
          <Button
            size="small"
            icon={<DownOutlined />}
            disabled={!hasNext}
            aria-label={t("decision.next")}
            onClick={next}
          />
        </Tooltip>
      </span>
    </div>
  );
}
