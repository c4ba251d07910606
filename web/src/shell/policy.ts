// The page's Content-Security-Policy allows only style elements that carry its nonce. The component kit sets it on its
// own styles, but its scroll lock does not know it; so every style element that a script makes is given the nonce.
export const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";

export function noncedStyles(value: string): void {
  const create = document.createElement.bind(document);
  document.createElement = ((tag: string, options?: ElementCreationOptions) => {
    const element = create(tag, options);
    if (element instanceof HTMLStyleElement) element.nonce = value;
    return element;
  }) as typeof document.createElement;
}
