import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ok } from "../../api/client";
import { ruleKeys } from "../rules/queries";

export const STATES = ["pending", "approved", "rejected", "expired"] as const;
export type State = (typeof STATES)[number];

export function approvals(state: State) {
  return infiniteQueryOptions({
    queryKey: [...ruleKeys.approvals, "list", state],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      ok(api.GET("/v1/approvals", { params: { query: { state, cursor, limit: 50 } }, signal })),
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

// stageApprovals are the newest requests to put a version on a stage, whatever became of them.
export const stageApprovals = queryOptions({
  queryKey: [...ruleKeys.approvals, "stages"],
  queryFn: ({ signal }) =>
    ok(api.GET("/v1/approvals", { params: { query: { kind: "ruleset.stage", limit: 200 } }, signal })),
});

export function approval(id: string) {
  return queryOptions({
    queryKey: [...ruleKeys.approvals, id],
    queryFn: ({ signal }) => ok(api.GET("/v1/approvals/{id}", { params: { path: { id } }, signal })),
  });
}

// useVote agrees to a request or refuses it. Either may change what decides, so everything shown is read again.
export function useVote(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ agree, comment }: { agree: boolean; comment: string }) => {
      const options = { params: { path: { id } }, body: { comment: comment || undefined } };
      return agree
        ? ok(api.POST("/v1/approvals/{id}/approve", options))
        : ok(api.POST("/v1/approvals/{id}/reject", options));
    },
    onSuccess: () => client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== "session" }),
  });
}
