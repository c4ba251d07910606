// The draft a person is writing, kept in this browser until it is published or discarded. It holds rules, never personal data.
import { useCallback, useState } from "react";
import { useMe } from "../../shell/colleagues";

export interface Base {
  id: string;
  version: number;
}

export interface Draft {
  base: Base;
  text: string;
  at: string; // when it was last changed, ISO
}

const keyOf = (owner: string) => `qingyuan.draft.${owner}`;

export function readDraft(owner: string, storage: Pick<Storage, "getItem"> = localStorage): Draft | undefined {
  try {
    const draft: Partial<Draft> | null = JSON.parse(storage.getItem(keyOf(owner)) ?? "null");
    const whole = draft?.text && draft.at && draft.base?.id && Number.isInteger(draft.base.version);
    return whole ? (draft as Draft) : undefined;
  } catch {
    return undefined; // unreadable or forbidden storage
  }
}

function writeDraft(owner: string, draft: Draft | undefined): boolean {
  try {
    if (draft) localStorage.setItem(keyOf(owner), JSON.stringify(draft));
    else localStorage.removeItem(keyOf(owner));
    return true;
  } catch {
    return false;
  }
}

// useDraft gives the draft of who is signed in, and a way to keep or drop it.
export function useDraft(): [Draft | undefined, (draft: Draft | undefined) => void] {
  const owner = useMe() ?? "";
  const [draft, setDraft] = useState(() => readDraft(owner));
  const keep = useCallback(
    (next: Draft | undefined) => {
      writeDraft(owner, next);
      setDraft(next);
    },
    [owner],
  );
  return [draft, keep];
}
