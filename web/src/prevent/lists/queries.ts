import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Answer, Present } from "../../api/client";
import { api, ok } from "../../api/client";
import type { components } from "../../api/schema";

export type List = Answer<"/v1/lists">["items"][number];
export type Entry = Answer<"/v1/lists/{list}/entries">["items"][number];
export type Action = Answer<"/v1/lists/{list}/actions">["items"][number];
export type NewEntry = Present<components["schemas"]["EntryInput"]>;

export const lists = queryOptions({
  queryKey: ["lists"],
  queryFn: ({ signal }) => ok(api.GET("/v1/lists", { signal })),
});

export function entries(list: string, filter: { value?: string; kind?: string; ended?: boolean }) {
  return infiniteQueryOptions({
    queryKey: ["lists", list, "entries", filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      ok(
        api.GET("/v1/lists/{list}/entries", {
          params: { path: { list }, query: { ...filter, cursor, limit: 100 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

export function actions(list: string) {
  return infiniteQueryOptions({
    queryKey: ["lists", list, "actions"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      ok(api.GET("/v1/lists/{list}/actions", { params: { path: { list }, query: { cursor, limit: 50 } }, signal })),
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

export function actionImpact(list: string, action: number) {
  return queryOptions({
    queryKey: ["lists", list, "actions", action],
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/lists/{list}/actions/{action}/preview", { params: { path: { list, action } }, signal })),
  });
}

export function usePreview(list: string) {
  return useMutation({
    mutationFn: (entries: NewEntry[]) =>
      ok(api.POST("/v1/lists/{list}/preview", { params: { path: { list } }, body: { entries } })),
  });
}

function useListChange<In, Out>(change: (input: In) => Promise<Out>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () =>
      Promise.all([["lists"], ["approvals"], ["overview"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

export function useAdd(list: string) {
  return useListChange((entries: NewEntry[]) =>
    ok(api.POST("/v1/lists/{list}/entries", { params: { path: { list } }, body: { entries } })),
  );
}

export function useRemove(list: string) {
  return useListChange(({ id, reason }: { id: string; reason: string }) =>
    ok(api.DELETE("/v1/lists/{list}/entries/{id}", { params: { path: { list, id }, query: { reason } } })),
  );
}

export function useReverse(list: string) {
  return useListChange(({ action, reason }: { action: number; reason: string }) =>
    ok(api.POST("/v1/lists/{list}/actions/{action}/reverse", { params: { path: { list, action } }, body: { reason } })),
  );
}
