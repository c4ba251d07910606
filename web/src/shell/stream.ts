// The server's event stream. It says that something is new; what is new is then read from the API.
import { useCallback, useEffect, useRef, useState } from "react";

const PACE = 500; // ms between two renderings, however fast events come

// useArrivals counts the events of one type since it was last reset.
export function useArrivals(type: string): { n: number; reset: () => void } {
  const [n, setN] = useState(0);
  const seen = useRef(0);
  useEffect(() => {
    let timer = 0;
    const source = new EventSource("/v1/stream");
    source.addEventListener(type, () => {
      seen.current++;
      timer ||= window.setTimeout(() => {
        timer = 0;
        setN(seen.current);
      }, PACE);
    });
    return () => {
      window.clearTimeout(timer);
      source.close();
    };
  }, [type]);
  const reset = useCallback(() => {
    seen.current = 0;
    setN(0);
  }, []);
  return { n, reset };
}
