import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { type Shortcuts, useShortcuts } from "./keys";
import { useRooms } from "./rooms";

export function Navigation({ onNavigate }: { onNavigate?: () => void }) {
  const { t } = useTranslation();
  const here = useRouterState({ select: ({ location }) => location.search.in ?? location.pathname.split("/")[1] });
  const rooms = useRooms();
  useGoTo();
  return (
    <nav className="nav" aria-label={t("nav.label")}>
      {rooms.map((room) => (
        <section key={room.id}>
          <h2>
            {t(`room.${room.id}`)}
            <small>{t(`room.${room.id}.hint`)}</small>
          </h2>
          {room.pages.map((page) => (
            <Link
              key={page.id}
              to={page.to}
              activeProps={{}}
              className={page.id === here ? "nav-link here" : "nav-link"}
              onClick={onNavigate}
            >
              {t(`page.${page.id}`)}
            </Link>
          ))}
        </section>
      ))}
    </nav>
  );
}

// useGoTo opens a page by g and the page's key within a second.
function useGoTo(): void {
  const navigate = useNavigate();
  const rooms = useRooms();
  const pressedAt = useRef(0);
  const shortcuts: Shortcuts = {
    g: () => {
      pressedAt.current = Date.now();
    },
  };
  for (const page of rooms.flatMap((room) => room.pages)) {
    shortcuts[page.key] = () => {
      if (Date.now() - pressedAt.current >= 1000) return false;
      navigate({ to: page.to });
    };
  }
  useShortcuts(shortcuts);
}
