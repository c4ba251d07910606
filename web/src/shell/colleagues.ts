import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ok } from "../api/client";
import { useSession } from "./session";

const colleagues = {
  queryKey: ["colleagues"],
  staleTime: 5 * 60_000,
  queryFn: () => ok(api.GET("/v1/colleagues")),
};

// useNameOf gives the name behind an account id, and the id itself where there is none, as for a system's key.
export function useNameOf(): (id: string) => string {
  const { t } = useTranslation();
  const me = useSession().data?.user.id;
  const { data } = useQuery(colleagues);
  const names = new Map(data?.items.map(({ id, name }) => [id, name]));
  return (id) => {
    if (id === "bootstrap") return t("person.platform");
    const name = names.get(id) ?? id;
    return id === me ? t("person.me", { name }) : name;
  };
}

// useMe gives the account id of who is signed in.
export function useMe(): string | undefined {
  return useSession().data?.user.id;
}
