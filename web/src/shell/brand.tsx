export function Brand({ large = false }: { large?: boolean }) {
  return (
    <span className={large ? "brand brand-large" : "brand"}>
      <img src="/favicon.svg" alt="" />
      <b>清源</b>
      <span className="faint">Qingyuan</span>
    </span>
  );
}
