// People who check in at one door within a minute, each with a phone of their own on a bad
// network, all behind one address as on a hall's Wi-Fi: requests that never arrive, answers
// that get lost, the same mark sent twice at once, and phones that try again until they have an
// answer, as assets/ts/queue.ts does.
//
//   node test/bench/door.mjs URL TOKEN SECONDS <what "linli-bench door" printed
//
// Prints: people counted marks attempts requests-lost answers-lost doubled refused p50 p99
// seconds-to-the-last
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";

const [url, token, seconds] = process.argv.slice(2);
const [head, ...cards] = readFileSync(0, "utf8").trim().split("\n");
const [activity, code] = head.split(" ");
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const count = { attempts: 0, requestsLost: 0, answersLost: 0, doubled: 0, refused: 0 };
const took = [];

/** One sending: what the server said of the mark, or null when the network ate it. */
function send(mark, fate) {
  count.attempts++;
  return new Promise((done) => {
    const start = performance.now();
    const out = request(`${url}/api/attendance`, {
      method: "POST",
      agent,
      headers: { "content-type": "application/json", "x-forwarded-for": "203.0.113.7" },
    });
    out.on("error", () => done(null));
    if (fate === "request lost") {
      count.requestsLost++;
      out.setHeader("content-length", 1000);
      out.write('{"marks":[{"key":"');
      setTimeout(() => out.destroy(), 20);
      return;
    }
    out.on("response", async (answer) => {
      if (fate === "answer lost") {
        count.answersLost++;
        out.destroy();
        return done(null);
      }
      let text = "";
      for await (const part of answer.setEncoding("utf8")) text += part;
      if (answer.statusCode >= 300) {
        count.refused++;
        return done(null);
      }
      took.push(performance.now() - start);
      done(JSON.parse(text).results[0]);
    });
    out.end(JSON.stringify({ marks: [mark] }));
  });
}

async function phone(card, i) {
  await pause(Math.random() * seconds * 1000);
  const mark = {
    key: `bench-${process.pid}-${i}`,
    activity: Number(activity),
    at: Math.floor(Date.now() / 1000),
    ahead: 0,
    out: false,
    code,
    card,
  };
  for (let failures = 0; failures < 20; failures++) {
    await pause(50 + Math.random() * 750);
    const draw = Math.random(),
      fate = draw < 0.2 ? "request lost" : draw < 0.4 ? "answer lost" : null;
    const sent = [send(mark, fate)];
    if (Math.random() < 0.1) {
      count.doubled++;
      sent.push(send(mark, null));
    }
    const answer = (await Promise.all(sent)).find(Boolean);
    if (answer && answer.status < 300) return true;
    if (answer) throw new Error(`${answer.status}: ${answer.message}`);
    await pause(Math.min(60, 2 ** failures) * 1000);
  }
  return false;
}

async function all(path) {
  const items = [];
  for (let cursor = ""; cursor !== null;) {
    const answer = await (
      await fetch(`${url}/api/v1${path}&limit=500${cursor && `&cursor=${cursor}`}`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).json();
    items.push(...answer.items);
    cursor = answer.next ?? null;
  }
  return items;
}

const start = performance.now();
const arrived = (await Promise.all(cards.map(phone))).filter(Boolean).length;
const last = (performance.now() - start) / 1000;
const there = (await all(`/attendances?activity=${activity}`)).filter((a) => a.status === "good");
const people = new Set(there.map((a) => a.volunteer)).size;
took.sort((a, b) => a - b);
const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))].toFixed(1);
console.log(
  arrived,
  people,
  there.length,
  count.attempts,
  count.requestsLost,
  count.answersLost,
  count.doubled,
  count.refused,
  at(0.5),
  at(0.99),
  last.toFixed(1),
);
