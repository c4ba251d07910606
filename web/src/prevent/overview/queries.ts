import { queryOptions } from "@tanstack/react-query";
import type { Answer } from "../../api/client";
import { api, ok } from "../../api/client";

export type Overview = Answer<"/v1/overview">;

// overview counts the last days; they begin at the reader's midnight.
export function overview(days: number) {
  return queryOptions({
    queryKey: ["overview", days],
    refetchInterval: 60_000,
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/overview", { params: { query: { days, utc_offset: -new Date().getTimezoneOffset() } }, signal })),
  });
}
