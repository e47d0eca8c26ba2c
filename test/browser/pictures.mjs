// The README's pictures, taken anew from the program: node test/browser/pictures.mjs
import { join } from "node:path";
import { root } from "../http/server.mjs";
import { begin, end, open } from "./browser.mjs";

await begin();
for (const [name, path, window] of [
  ["home", "/", { width: 1000 }],
  ["ask", "/ask", { width: 360 }],
  ["work", "/work?view=all", { width: 1280, login: "office1" }],
  ["dashboard", "/dashboard", { width: 1280, login: "leader1" }],
]) {
  const visit = await open(window);
  await visit.page.setViewportSize({ width: window.width, height: 800 });
  await visit.goto(path);
  await visit.page.mouse.move(0, 0);
  await visit.page.waitForTimeout(500); // charts are drawn after the page
  await visit.page.screenshot({ path: join(root, `docs/pictures/${name}.png`) });
  await visit.close();
}
await end();
process.exit(0); // the browser's pipes stay open
