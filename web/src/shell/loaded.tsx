import type { UseQueryResult } from "@tanstack/react-query";
import { Skeleton } from "antd";
import type { ReactNode } from "react";
import { ProblemView } from "./problem";

// Loaded shows what a query gives, in every state it can be in: not there yet, failed, there.
export function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <ProblemView error={query.error} retry={() => query.refetch()} />;
  return <Skeleton className="panel-pad" active title={false} paragraph={{ rows: 8, width: "100%" }} />;
}

// Nothing says in a calm way that there is nothing, and what to do about it.
export function Nothing({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="notice nothing">
      <strong>{title}</strong>
      {hint && <p className="muted">{hint}</p>}
      {children}
    </div>
  );
}
