import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Answer, Present } from "../../api/client";
import { api, ok } from "../../api/client";
import type { components } from "../../api/schema";

type Schemas = components["schemas"];
export type Scan = Present<Schemas["ScanView"]>;
export type Family = Answer<"/v1/text/families/{event}/{path}">;
export type FamilyRow = Answer<"/v1/text/families">["items"][number];
export type Lookup = Present<Schemas["LookupView"]>;
export type Candidate = Answer<"/v1/text/candidates">["items"][number];
export type Contact = Answer<"/v1/text/contacts">["items"][number];
export type Term = Present<Schemas["TermView"]>;
export type Author = NonNullable<Schemas["ScanInputBody"]["author"]>;
export type Confirmation = Omit<Schemas["ConfirmInputBody"], "$schema">;
export type NewTerm = Schemas["TermView"];

export const AUTHORS = ["customer", "public", "agent", "operator", "asr", "ocr", "lender"] as const satisfies Author[];
export const TYPOLOGIES = ["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"] as const;

export function useScan() {
  return useMutation({
    mutationFn: (body: { text: string; author: Author; agreement: boolean }) => ok(api.POST("/v1/text/scan", { body })),
  });
}

export function useLookup() {
  return useMutation({
    mutationFn: (body: { text: string; author: Author }) =>
      ok(api.POST("/v1/text/families/lookup", { body: { ...body, path: "text" } })),
  });
}

export function families(sort: "growth" | "size") {
  return infiniteQueryOptions({
    queryKey: ["families", sort],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      ok(api.GET("/v1/text/families", { params: { query: { sort, cursor, limit: 50 } }, signal })),
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

// family reads the family of a text by its id: event/path.
export function family(id: string) {
  const [event = "", path = ""] = id.split("/");
  return queryOptions({
    queryKey: ["families", "one", id],
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/text/families/{event}/{path}", { params: { path: { event, path } }, signal })),
  });
}

export function candidates(state: Candidate["state"]) {
  return infiniteQueryOptions({
    queryKey: ["candidates", state],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      ok(api.GET("/v1/text/candidates", { params: { query: { state, cursor, limit: 50 } }, signal })),
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

export function candidate(id: string) {
  return queryOptions({
    queryKey: ["candidates", "one", id],
    queryFn: ({ signal }) => ok(api.GET("/v1/text/candidates/{id}", { params: { path: { id } }, signal })),
  });
}

export const runs = queryOptions({
  queryKey: ["discovery"],
  queryFn: ({ signal }) => ok(api.GET("/v1/text/discovery", { signal })),
  refetchInterval: (query) => (query.state.data?.items.some((run) => run.state === "running") ? 1500 : false),
});

export const lexicon = queryOptions({
  queryKey: ["lexicon"],
  queryFn: ({ signal }) => ok(api.GET("/v1/text/lexicon", { params: { query: { shipped: true } }, signal })),
});

export const lexiconVersions = queryOptions({
  queryKey: ["lexicon", "versions"],
  queryFn: ({ signal }) => ok(api.GET("/v1/text/lexicon/versions", { params: { query: { limit: 50 } }, signal })),
});

export function contacts(writers: number) {
  return infiniteQueryOptions({
    queryKey: ["contacts", writers],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      ok(api.GET("/v1/text/contacts", { params: { query: { writers, cursor, limit: 50 } }, signal })),
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

export function contact(key: string) {
  return queryOptions({
    queryKey: ["contacts", "one", key],
    queryFn: ({ signal }) => ok(api.GET("/v1/text/contacts/{key}", { params: { path: { key } }, signal })),
  });
}

// useChange does something that asks for a second person or takes effect at once, and reads what it changes anew.
export function useChange<In, Out>(change: (input: In) => Promise<Out>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () =>
      Promise.all(
        [["candidates"], ["discovery"], ["lexicon"], ["families"], ["contacts"], ["approvals"], ["overview"]].map(
          (queryKey) => client.invalidateQueries({ queryKey }),
        ),
      ),
  });
}

export const confirmCandidate = ({ id, body }: { id: string; body: Confirmation }) =>
  ok(api.POST("/v1/text/candidates/{id}/confirm", { params: { path: { id } }, body }));

export const rejectCandidate = ({ id, reason }: { id: string; reason: string }) =>
  ok(api.POST("/v1/text/candidates/{id}/reject", { params: { path: { id } }, body: { reason } }));

export const startDiscovery = () => ok(api.POST("/v1/text/discovery", { body: {} }));

export const changeLexicon = (body: { terms?: NewTerm[]; remove?: string[]; reason: string }) =>
  ok(api.POST("/v1/text/lexicon/changes", { body }));

export const registerTemplate = (body: {
  verdict: "gang" | "innocent";
  title: string;
  text_id: string;
  typology?: (typeof TYPOLOGIES)[number];
  reason: string;
}) => ok(api.POST("/v1/text/templates", { body }));

export const markContact = (body: {
  key: string;
  kind: "phone" | "handle" | "email";
  verdict: "agent" | "lawful";
  typology?: (typeof TYPOLOGIES)[number];
  reason: string;
}) => ok(api.POST("/v1/text/contact-marks", { body }));
