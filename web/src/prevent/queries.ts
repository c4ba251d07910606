// What this room reads from the API, and under which keys it is kept. Changes announced by the server invalidate the keys.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ok } from "../api/client";
import { type DecisionFilters, period } from "./filters";

const PAGE = 100;

export const decisionKeys = { list: ["decisions"], holds: ["holds"], summary: ["summary"] } as const;

export function decisionList(filters: DecisionFilters) {
  const { outcome, kind, rule, typology, q } = filters;
  return infiniteQueryOptions({
    queryKey: [...decisionKeys.list, filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      ok(
        api.GET("/v1/decisions", {
          params: { query: { outcome, kind, rule, typology, q, ...period(filters), cursor, limit: PAGE } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

export const holdList = infiniteQueryOptions({
  queryKey: decisionKeys.holds,
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam: cursor, signal }) =>
    ok(api.GET("/v1/holds", { params: { query: { cursor, limit: PAGE } }, signal })),
  getNextPageParam: (page) => page.next_cursor || undefined,
});

export function summary(filters: DecisionFilters) {
  const { range, from, to } = filters;
  return queryOptions({
    queryKey: [...decisionKeys.summary, { range, from, to }],
    queryFn: ({ signal }) => ok(api.GET("/v1/summary", { params: { query: period(filters) }, signal })),
  });
}

export function decision(id: string) {
  return queryOptions({
    queryKey: ["decision", id],
    queryFn: ({ signal }) => ok(api.GET("/v1/decisions/{id}", { params: { path: { id } }, signal })),
  });
}

// ruleset never changes once published, so it is read once.
export function ruleset(id: string, version: number) {
  return queryOptions({
    queryKey: ["ruleset", id, version],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/rulesets/{id}/versions/{version}", { params: { path: { id, version } }, signal })),
  });
}

export function eventsBehind(id: string, value: string) {
  return infiniteQueryOptions({
    queryKey: ["decision", id, "events", value],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      ok(
        api.GET("/v1/decisions/{id}/events", {
          params: { path: { id }, query: { value, cursor, limit: PAGE } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

export function useRelease(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (reason: string) =>
      ok(api.POST("/v1/decisions/{id}/release", { params: { path: { id } }, body: { reason } })),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["decision", id] }),
        client.invalidateQueries({ queryKey: decisionKeys.holds }),
        client.invalidateQueries({ queryKey: decisionKeys.list }),
      ]),
  });
}
