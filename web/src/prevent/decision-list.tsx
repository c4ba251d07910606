import { type InfiniteData, type UseInfiniteQueryResult, useQueryClient } from "@tanstack/react-query";
import { Skeleton } from "antd";
import { type ReactNode, useMemo, useState } from "react";
import { useShortcuts } from "../shell/keys";
import { useNarrow } from "../shell/narrow";
import { ProblemView } from "../shell/problem";
import { DecisionCards } from "./decision-cards";
import { DecisionTable } from "./decision-table";
import type { DecisionRow } from "./vocabulary";

interface Props {
  query: UseInfiniteQueryResult<InfiniteData<{ items: DecisionRow[] }>>;
  empty: ReactNode;
  onOpen: (row: DecisionRow) => void;
}

const OPENED = ["opened decision"];

// DecisionList shows a paged list in every state it can be in, and moves through it by j, k and Enter. The row that was
// opened last is marked when the reader comes back.
export function DecisionList({ query, empty, onOpen }: Props) {
  const narrow = useNarrow();
  const client = useQueryClient();
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const [chosen, setChosen] = useState(() => client.getQueryData<string>(OPENED));
  const at = rows.findIndex((row) => row.id === chosen);

  function move(step: number) {
    const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
    if (next) setChosen(next.id);
    if (at + step > rows.length - 10) more();
  }
  function open(row: DecisionRow) {
    client.setQueryData(OPENED, row.id);
    onOpen(row);
  }
  function more() {
    if (query.hasNextPage && !query.isFetchingNextPage) query.fetchNextPage();
  }
  function openChosen() {
    const row = rows[at];
    if (row) open(row);
  }
  useShortcuts({ j: () => move(1), k: () => move(-1), Enter: openChosen });

  if (query.isPending)
    return <Skeleton className="list-wait" active title={false} paragraph={{ rows: 12, width: "100%" }} />;
  if (query.isError && rows.length === 0) return <ProblemView error={query.error} retry={() => query.refetch()} />;
  if (rows.length === 0) return <>{empty}</>;
  if (narrow)
    return (
      <DecisionCards
        rows={rows}
        more={query.hasNextPage}
        loading={query.isFetchingNextPage}
        onOpen={open}
        onMore={more}
      />
    );
  return <DecisionTable rows={rows} at={at} onOpen={open} onNearEnd={more} />;
}
