import { KeyOutlined, LogoutOutlined, MenuOutlined, SearchOutlined } from "@ant-design/icons";
import { Outlet } from "@tanstack/react-router";
import { Button, Drawer, Dropdown, Modal, Skeleton } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Brand } from "./brand";
import { ChangePassword } from "./change-password";
import { useCommandKey, useShortcuts } from "./keys";
import { useNarrow } from "./narrow";
import { Navigation } from "./navigation";
import { Palette } from "./palette";
import { PreferenceButtons } from "./preference-buttons";
import { ProblemView } from "./problem";
import { type Session, useSession, useSignOut } from "./session";
import { ShortcutList } from "./shortcut-list";
import { SignIn } from "./sign-in";
import { useWord } from "./word";

// Shell is the frame around every page: it asks for a sign-in first and keeps the address meanwhile.
export function Shell() {
  const session = useSession();
  if (session.isPending) return <Skeleton className="shell-wait" active />;
  if (session.isError) return <ProblemView error={session.error} retry={() => session.refetch()} />;
  if (!session.data) return <SignIn />;
  return session.data.user.must_change ? <FirstPassword /> : <Frame session={session.data} />;
}

// FirstPassword replaces a password that the platform made before anything else may be done.
function FirstPassword() {
  const { t } = useTranslation();
  return (
    <div className="sign-in">
      <div className="sign-in-top">
        <PreferenceButtons />
      </div>
      <div className="sign-in-form">
        <Brand large />
        <p className="muted">{t("password.first")}</p>
        <ChangePassword onDone={() => undefined} />
      </div>
    </div>
  );
}

function Frame({ session }: { session: Session }) {
  const narrow = useNarrow();
  const { t } = useTranslation();
  const [menuOpen, setMenuOpen] = useState(false);
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  useCommandKey(() => setPaletteOpen((open) => !open));
  useShortcuts({ "?": () => setHelpOpen(true) });

  return (
    <div className="shell">
      {!narrow && (
        <aside className="shell-side">
          <Brand />
          <Navigation />
          <button type="button" className="quiet shell-help" onClick={() => setHelpOpen(true)}>
            <kbd>?</kbd> {t("shortcuts.title")}
          </button>
        </aside>
      )}
      <header className="shell-top">
        {narrow && (
          <Button type="text" aria-label={t("nav.open")} icon={<MenuOutlined />} onClick={() => setMenuOpen(true)} />
        )}
        <button type="button" className="shell-search" onClick={() => setPaletteOpen(true)}>
          <SearchOutlined />
          <span>{t(narrow ? "palette.short" : "palette.placeholder")}</span>
          {!narrow && <kbd>{/mac/i.test(navigator.userAgent) ? "⌘" : "Ctrl"} K</kbd>}
        </button>
        <PreferenceButtons />
        <UserMenu session={session} />
      </header>
      <main className="shell-main">
        <Outlet />
      </main>
      <Drawer open={menuOpen} onClose={() => setMenuOpen(false)} placement="left" size={240} title={<Brand />}>
        <Navigation onNavigate={() => setMenuOpen(false)} />
      </Drawer>
      {paletteOpen && <Palette onClose={() => setPaletteOpen(false)} />}
      <ShortcutList open={helpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}

function UserMenu({ session }: { session: Session }) {
  const { t } = useTranslation();
  const word = useWord();
  const signOut = useSignOut();
  const [changing, setChanging] = useState(false);
  const { name, role, tenant } = session.user;
  return (
    <>
      <Dropdown
        trigger={["click"]}
        menu={{
          items: [
            { key: "who", disabled: true, label: `${name} · ${word("shell:role", role)} · ${tenant}` },
            { type: "divider" },
            { key: "password", icon: <KeyOutlined />, label: t("password.change"), onClick: () => setChanging(true) },
            { key: "out", icon: <LogoutOutlined />, label: t("signOut"), onClick: signOut },
          ],
        }}
      >
        <Button type="text" className="shell-user" aria-label={name}>
          <span className="avatar">{[...name][0]?.toUpperCase()}</span>
        </Button>
      </Dropdown>
      <Modal
        open={changing}
        destroyOnHidden
        title={t("password.change")}
        footer={null}
        width={372}
        onCancel={() => setChanging(false)}
      >
        <ChangePassword onDone={() => setChanging(false)} />
      </Modal>
    </>
  );
}
