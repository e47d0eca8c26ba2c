// Who may do what, as people decided it: the rows of roles.txt. Nothing here comes from the
// program under test.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The roles that an account can have, with the demonstration's account that has it and no
 * other.
 */
export const accounts = {
  volunteer: "volunteer1",
  team_leader: "team1",
  worker: "xinghu1",
  unit_handler: "city1",
  office: "office1",
  leader: "leader1",
  auditor: "auditor1",
  admin: "admin",
};
export const roles = Object.keys(accounts);

/**
 * The rows of roles.txt: { method, path, kind, roles }; kind: null if {id} names none that
 * must be in reach.
 */
export const table = readFileSync(
  join(dirname(fileURLToPath(import.meta.url)), "roles.txt"),
  "utf8",
)
  .split("\n")
  .filter((line) => line && !line.startsWith("#"))
  .map((line) => {
    const [method, path, kind, ...who] = line.split(/ +/);
    return { method, path, kind: kind === "-" ? null : kind, roles: who };
  });

/** Whether somebody with that role (nobody: null) gets past the gate. */
export const may = (row, role) =>
  row.roles.includes("public") ||
  (role !== null && (row.roles.includes("signed-in") || row.roles.includes(role)));

/** Addresses that never end. */
export const live = new Set(["/live", "/activities/{id}/count-live", "/activities/{id}/door-live"]);
