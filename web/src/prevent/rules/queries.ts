// What the pages of rules read and change, and what of it is read again after a change.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ok } from "../../api/client";
import type { BacktestAsked, StageAsked } from "./vocabulary";

export const ruleKeys = {
  versions: ["rulesets"],
  approvals: ["approvals"],
  backtests: ["backtests"],
  snoozes: ["snoozes"],
} as const;

export const versions = queryOptions({
  queryKey: ruleKeys.versions,
  queryFn: ({ signal }) => ok(api.GET("/v1/rulesets", { signal })),
});

export const liveRuleset = queryOptions({
  queryKey: [...ruleKeys.versions, "live"],
  queryFn: ({ signal }) => ok(api.GET("/v1/rulesets/live", { signal })),
});

export function versionDiff(to: { id: string; version: number }, from: { id: string; version: number }) {
  return queryOptions({
    queryKey: [...ruleKeys.versions, "diff", to, from],
    queryFn: ({ signal }) =>
      ok(
        api.GET("/v1/rulesets/{id}/versions/{version}/diff", {
          params: { path: to, query: { from_id: from.id, from: from.version } },
          signal,
        }),
      ),
  });
}

export function shadow(id: string, version: number) {
  return queryOptions({
    queryKey: ["shadow", id, version],
    refetchInterval: 15_000,
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/rulesets/{id}/versions/{version}/shadow", { params: { path: { id, version } }, signal })),
  });
}

// draftCheck says what is wrong with a draft or, where nothing is, what it changes.
export function draftCheck(text: string, base?: { id: string; version: number }) {
  return queryOptions({
    queryKey: ["draft", base, text],
    gcTime: 30_000,
    queryFn: ({ signal }) => ok(api.POST("/v1/rulesets:diff", { body: { text, ...base }, signal })),
    placeholderData: (before) => before,
    enabled: text.trim() !== "",
  });
}

export const backtests = queryOptions({
  queryKey: ruleKeys.backtests,
  queryFn: ({ signal }) => ok(api.GET("/v1/backtests", { signal })),
  refetchInterval: (query) => (query.state.data?.items.some((b) => b.state === "running") ? 1500 : false),
});

export function backtest(id: string) {
  return queryOptions({
    queryKey: [...ruleKeys.backtests, id],
    queryFn: ({ signal }) => ok(api.GET("/v1/backtests/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (query) => (query.state.data?.state === "running" ? 700 : false),
  });
}

export const snoozes = queryOptions({
  queryKey: ruleKeys.snoozes,
  queryFn: ({ signal }) => ok(api.GET("/v1/snoozes", { signal })),
});

// useChange runs a change and then reads again what may look different after it.
function useChange<In, Out>(change: (input: In) => Promise<Out>, keys: readonly (readonly string[])[]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

export function usePublish() {
  return useChange((text: string) => ok(api.POST("/v1/rulesets", { body: { text } })), [ruleKeys.versions]);
}

export function useStage(id: string, version: number) {
  return useChange(
    (body: StageAsked) =>
      ok(api.POST("/v1/rulesets/{id}/versions/{version}/stage", { params: { path: { id, version } }, body })),
    [ruleKeys.versions, ruleKeys.approvals, ["overview"], ["shadow"]],
  );
}

export function useStartBacktest() {
  return useChange((body: BacktestAsked) => ok(api.POST("/v1/backtests", { body })), [ruleKeys.backtests]);
}

export function useCancelBacktest() {
  return useChange(
    (id: string) => ok(api.DELETE("/v1/backtests/{id}", { params: { path: { id } } })),
    [ruleKeys.backtests],
  );
}

export function useSnooze(rule: string) {
  return useChange(
    (body: { kind?: string; value?: string; reason: string; expires_at: string }) =>
      ok(api.POST("/v1/rules/{rule}/snooze", { params: { path: { rule } }, body })),
    [ruleKeys.snoozes, ruleKeys.approvals, ["overview"]],
  );
}

export function useEndSnooze() {
  return useChange(
    (id: string) => ok(api.DELETE("/v1/snoozes/{id}", { params: { path: { id } } })),
    [ruleKeys.snoozes],
  );
}
