import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "../api/client";

export function event(id: string) {
  return queryOptions({
    queryKey: ["event", id],
    queryFn: ({ signal }) => ok(api.GET("/v1/events/{id}", { params: { path: { id } }, signal })),
  });
}
