/* What stands before every address of a subdistrict that is one of many: /t/NAME, or nothing. */
export const base: string = /^\/t\/[a-z0-9-]+/.exec(globalThis.location?.pathname ?? '')?.[0] ?? '';
