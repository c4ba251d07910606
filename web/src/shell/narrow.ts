import { useSyncExternalStore } from "react";

const query = window.matchMedia("(max-width: 639px)");

// useNarrow reports whether the window is a phone's: tables become cards, panels fill the width.
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      query.addEventListener("change", changed);
      return () => query.removeEventListener("change", changed);
    },
    () => query.matches,
  );
}
