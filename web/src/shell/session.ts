// Who is signed in. null means nobody; the sign-in page is then shown in place, so the address survives.
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Answer, api, ok, Problem, setCSRF, whenSignedOut } from "../api/client";

export type Session = Answer<"/v1/session">;
const KEY = ["session"];

export function useSession() {
  return useQuery({
    queryKey: KEY,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<Session | null> => {
      try {
        const session = await ok(api.GET("/v1/session"));
        setCSRF(session.csrf);
        return session;
      } catch (problem) {
        if (problem instanceof Problem && problem.status === 401) return null;
        throw problem;
      }
    },
  });
}

export async function signIn(
  client: QueryClient,
  credentials: { tenant?: string; username: string; password: string },
): Promise<void> {
  const session = await ok(api.POST("/v1/session", { body: credentials }));
  setCSRF(session.csrf);
  client.setQueryData(KEY, session);
}

// changePassword opens the session's full rights where the password was one that the platform made.
export async function changePassword(
  client: QueryClient,
  passwords: { current: string; password: string },
): Promise<void> {
  const session = await ok(api.POST("/v1/session/password", { body: passwords }));
  setCSRF(session.csrf);
  client.setQueryData(KEY, session);
}

// useMay reports whether the person who is signed in may do an action, such as decisions:release. The server decides again.
export function useMay(permission: string): boolean {
  return useSession().data?.permissions.includes(permission) ?? false;
}

// useSignOut ends the session and forgets everything read in it.
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await api.DELETE("/v1/session").catch(() => undefined);
    forget(client);
  };
}

export function forget(client: QueryClient): void {
  setCSRF("");
  client.setQueryData(KEY, null);
  client.removeQueries({ predicate: (q) => q.queryKey[0] !== KEY[0] });
}

export function watchSession(client: QueryClient): void {
  whenSignedOut(() => forget(client));
}
