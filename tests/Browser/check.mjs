// Looks at a report in headless Chromium, as a person would: node check.mjs PAGE [FOLDER]
// PAGE is a file that 'fuzz report' wrote, or the address of one that is served; screenshots go to FOLDER.
// CHROMIUM names the browser (/usr/bin/chromium unless said). Ends with 1 at the first thing that is wrong.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [page, folder] = process.argv.slice(2);
assert.ok(page, "usage: node check.mjs PAGE [FOLDER]");
const address = /^https?:/.test(page) ? page : pathToFileURL(resolve(page)).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

const shapes = [
  { name: "desktop", width: 1440, height: 900, colorScheme: "light" },
  { name: "desktop-dark", width: 1440, height: 900, colorScheme: "dark" },
  { name: "phone", width: 390, height: 844, colorScheme: "light" },
];

/** Opens the page in one shape; everything that goes wrong in it is an error. */
async function visit(shape) {
  const context = await browser.newContext({
    viewport: { width: shape.width, height: shape.height }, colorScheme: shape.colorScheme, reducedMotion: "reduce",
  });
  const tab = await context.newPage();
  const wrong = [];
  tab.on("console", message => ["error", "warning"].includes(message.type()) && wrong.push(message.text()));
  tab.on("pageerror", error => wrong.push(String(error)));
  tab.on("dialog", dialog => { wrong.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  tab.on("request", request => !request.url().startsWith(new URL(".", address).href)
    && !request.url().startsWith("data:") && wrong.push(`asks for ${request.url()}`));
  await tab.goto(address);
  await tab.waitForTimeout(300);
  return { tab, wrong, done: () => context.close() };
}

async function fits(tab) {
  const [content, window] = await tab.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `scrolls sideways: ${content} > ${window}`);
}

async function isAccessible(tab) {
  const { violations } = await tab.evaluate(`${axe}; axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa"] })`);
  assert.deepEqual(violations.map(law => `${law.id}: ${law.nodes[0].html} ${law.nodes[0].failureSummary}`), []);
}

async function picture(tab, name) {
  if (folder) {
    mkdirSync(folder, { recursive: true });
    await tab.screenshot({ path: join(folder, `${name}.png`) });
  }
}

/** Steps through the first failure by keyboard and looks at what follows. */
async function stepThrough(tab, shape) {
  const press = async keys => { for (const key of keys) { await tab.keyboard.press(key); } };
  const position = () => tab.locator("#position").innerText();
  const first = tab.locator("#failure-table a").first();
  await first.click();
  await tab.waitForSelector("#stepper");
  assert.equal(await tab.evaluate(() => document.activeElement.id), "stepper", "keys go to the steps");
  const last = Number((await position()).split("/")[1]);
  assert.match(await position(), /^start/);
  await press(["ArrowRight", "ArrowRight", "ArrowRight"]);
  assert.equal(await position(), `step 2 / ${last}`);
  await press(["ArrowLeft"]);
  assert.equal(await position(), `step 1 / ${last}`);
  await press(["End"]);
  assert.equal(await position(), `step ${last} / ${last}`);
  const ending = await tab.locator("#state").innerText();
  await press(["ArrowRight"]);
  assert.equal(await position(), `step ${last} / ${last}`, "there is nothing after the end");
  await press(["Home"]);
  assert.match(await position(), /^start/);
  assert.notEqual(await tab.locator("#state").innerText(), ending, "the state goes back, too");
  assert.equal(await tab.locator("#state .is-changed").count(), 0, "nothing has changed before the first step");

  let changed = 0;
  for (let step = 0; step <= last; step++) {
    await press(["ArrowRight"]);
    changed += await tab.locator("#state .is-changed").count();
    assert.ok(await tab.locator("#diagram [aria-current=step]").count() <= 1);
  }
  assert.ok(changed > last / 2, "steps change the state");
  assert.equal(await tab.locator("#state").innerText(), ending, "step by step comes to the same end");

  await press(["Home", "ArrowDown", "ArrowDown", "ArrowUp"]);
  await tab.locator("#to-next").click();
  await tab.locator("#to-previous").click();
  await tab.locator("#slider").fill("3");
  assert.equal(await position(), `step 3 / ${last}`);
  if (await tab.locator("#to-broken").count() > 0) {
    await tab.locator("#to-broken").click();
    assert.match(await tab.locator("#now").innerText(), /breaks /);
  }
  await tab.locator("#stepper").evaluate(stepper => stepper.scrollIntoView());
  await fits(tab);
  await isAccessible(tab);
  await picture(tab, `${shape.name}-steps`);
  await tab.getByRole("button", { name: "Close" }).click();
  assert.equal(await tab.locator("#detail").isVisible(), false);
  assert.ok(await first.evaluate(link => link === document.activeElement), "the focus goes back to the table");
}

try {
  for (const shape of shapes) {
    const { tab, wrong, done } = await visit(shape);
    await fits(tab);
    await isAccessible(tab);
    await picture(tab, shape.name);
    if (await tab.locator("#failure-table a").count() > 0) {
      await stepThrough(tab, shape);
    }
    if (await tab.locator("#worker-table tbody tr").count() > 0) {
      assert.ok(await tab.locator("#charts canvas").count() > 0, "workers, but no chart");
    }
    assert.deepEqual(wrong, [], "console errors, dialogs, requests elsewhere");
    await done();
    console.log(`${shape.name}: well`);
  }
} finally {
  await browser.close();
}
