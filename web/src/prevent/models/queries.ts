import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Answer } from "../../api/client";
import { api, ok } from "../../api/client";

export type ModelRow = Answer<"/v1/models">["items"][number];
export type ModelDetail = Answer<"/v1/models/{version}">;
export type Card = NonNullable<ModelDetail["card"]>;
export type Scores = Answer<"/v1/models/{version}/scores">;

export const models = infiniteQueryOptions({
  queryKey: ["models"],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam: cursor, signal }) =>
    ok(api.GET("/v1/models", { params: { query: { cursor, limit: 50 } }, signal })),
  getNextPageParam: (page) => page.next_cursor || undefined,
});

export function model(version: string) {
  return queryOptions({
    queryKey: ["models", version],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => ok(api.GET("/v1/models/{version}", { params: { path: { version } }, signal })),
  });
}

export function scores(version: string) {
  return queryOptions({
    queryKey: ["models", version, "scores"],
    queryFn: ({ signal }) => ok(api.GET("/v1/models/{version}/scores", { params: { path: { version } }, signal })),
  });
}

// useAddModel sends a ZIP file of a trained directory.
export function useAddModel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (file: Blob) =>
      ok(
        api.POST("/v1/models", {
          headers: { "Content-Type": "application/zip" },
          body: file as unknown as string,
          bodySerializer: (body) => body as unknown as BodyInit,
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["models"] }),
  });
}
