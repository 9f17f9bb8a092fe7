/**
 * Drives the generated TypeScript client through a donation, the stock it becomes, and an order of it.
 *
 * Reads BASE_URL, SANDBOX_URL (where the code of an SMS is read), PHONE and PASSWORD of a live partner's owner.
 */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.ts";

type Problem = components["schemas"]["ProblemOut"];
type Api = ReturnType<typeof createClient<paths>>;
type Answer<T> = { data?: T; error?: Problem; response: Response };

const setting = (name: string): string => process.env[name] ?? fail(`${name} is not set`);
const baseUrl = setting("BASE_URL");
const hours = (count: number): string => new Date(Date.now() + count * 3_600_000).toISOString();

function fail(why: string): never {
  throw new Error(why);
}

/** What was asked for, or an error with the problem that came instead. */
function ok<T>({ data, error, response }: Answer<T>): T {
  return data ?? fail(`${response.url} answered ${response.status}: ${JSON.stringify(error)}`);
}

/** Insists on a problem with this code. */
function refused({ error }: Answer<unknown>, code: string): void {
  if (error?.code !== code) fail(`expected ${code}, got ${JSON.stringify(error)}`);
}

const client = (token?: string): Api =>
  createClient<paths>({ baseUrl, headers: token ? { Authorization: `Bearer ${token}` } : {} });

const key = (): { header: { "Idempotency-Key": string } } => ({ header: { "Idempotency-Key": crypto.randomUUID() } });

async function codeSentTo(phone: string): Promise<string> {
  const until = Date.now() + 20_000;
  while (Date.now() < until) {
    const reply = await fetch(`${setting("SANDBOX_URL")}/messages?to=${encodeURIComponent(phone)}`);
    const messages = (await reply.json()) as { body: string }[];
    const code = messages[0]?.body.match(/\b\d{6}\b/)?.[0];
    if (code) return code;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  return fail("no code came");
}

async function partner(anybody: Api): Promise<Api> {
  const body = { phone: setting("PHONE"), password: setting("PASSWORD") };
  const wrong = { ...body, password: "wrong" };
  refused(await anybody.POST("/api/v1/partner/auth/login", { body: wrong }), "credentials_invalid");
  return client(ok(await anybody.POST("/api/v1/partner/auth/login", { body })).access);
}

async function donor(anybody: Api, place: { lat: number; lng: number }): Promise<Api> {
  const phone = `+9196${String(Math.floor(Math.random() * 89_000_000) + 10_000_000)}`;
  const asked = ok(await anybody.POST("/api/v1/auth/otp", { body: { phone, purpose: "register" } }));
  const registration = { challenge_id: asked.challenge_id, code: await codeSentTo(phone) };
  const person = { name: "Ira Sen", password: "seven quiet tamarinds" };
  const app = client(ok(await anybody.POST("/api/v1/auth/register", { body: { ...registration, ...person } })).access);
  ok(await app.PUT("/api/v1/me/location", { body: place }));
  const date_of_birth = `${new Date().getUTCFullYear() - 30}-01-01`;
  ok(await app.PUT("/api/v1/me/donor", { body: { blood_group: "O-", sex: "male", date_of_birth, weight_kg: 70 } }));
  return app;
}

/** Lets the partner ask, the donor come and give; the bag's number. */
async function give(desk: Api, app: Api): Promise<string> {
  const asked = ok(
    await desk.POST("/api/v1/partner/requests", {
      params: key(),
      body: { blood_group: "O-", component: "whole_blood", units: 1, urgency: "critical", needed_by: hours(6) },
    }),
  );
  const nearby = ok(await app.GET("/api/v1/requests/nearby")).results;
  if (!nearby.some(({ id }) => id === asked.id)) fail("the donor does not see the request");
  const request = { params: { path: { request_id: asked.id } } };
  const promise = ok(await app.POST("/api/v1/requests/{request_id}/accept", request));
  refused(await app.POST("/api/v1/requests/{request_id}/accept", request), "already_promised");
  const params = { path: { assignment_id: promise.id } };
  const code = { code: promise.arrival_code };
  ok(await desk.POST("/api/v1/partner/assignments/{assignment_id}/arrival", { params, body: code }));
  const donation = ok(
    await desk.POST("/api/v1/partner/assignments/{assignment_id}/verify", {
      params,
      body: { donation_type: "whole_blood", volume_ml: 350, haemoglobin_g_dl: 13.6, blood_group: "O-" },
    }),
  );
  return donation.unit.din;
}

/** Tests the bag and releases it. */
async function release(desk: Api, unit: string): Promise<void> {
  const params = { path: { unit } };
  refused(await desk.POST("/api/v1/partner/stock/units/{unit}/release", { params }), "tests_missing");
  const clear = "non_reactive" as const;
  const results = { hiv: clear, hbsag: clear, hcv: clear, syphilis: clear, malaria: clear };
  ok(await desk.POST("/api/v1/partner/stock/units/{unit}/tests", { params, body: { results, blood_group: "O-" } }));
  ok(await desk.POST("/api/v1/partner/stock/units/{unit}/release", { params }));
  const query = { status: "available", limit: 200 } as const;
  const shelf = ok(await desk.GET("/api/v1/partner/stock/units", { params: { query } })).results;
  if (!shelf.some(({ din }) => din === unit)) fail("the bag is not on the shelf");
}

/** Lets the person order the bag for a patient, and call it off. */
async function order(desk: Api, app: Api, bank: string): Promise<void> {
  const processing = [{ component: "whole_blood" as const, charge: 145_000 }];
  ok(await desk.PUT("/api/v1/partner/price-list", { body: { processing } }));
  const lines = [{ blood_group: "O-" as const, component: "whole_blood" as const, units: 1 }];
  const quote = ok(await app.POST("/api/v1/orders/quote", { body: { bank, lines } }));
  const patient = { name: "Suresh Patil", age: 61, sex: "male" as const, hospital: "City Hospital" };
  const body = { bank, lines, patient, needed_by: hours(6), pickup: true };
  const placed = ok(await app.POST("/api/v1/orders", { body }));
  if (placed.total.amount !== quote.total.amount) fail("the price is not the quoted one");
  const listed = ok(await desk.GET("/api/v1/partner/orders")).results;
  if (!listed.some(({ id }) => id === placed.id)) fail("the bank does not see the order");
  const path = { order_id: placed.id };
  const accept = { params: { path, ...key() } };
  refused(await desk.POST("/api/v1/partner/orders/{order_id}/accept", accept), "requisition_missing");
  const reason = "Not needed any more.";
  ok(await app.POST("/api/v1/orders/{order_id}/cancel", { params: { path }, body: { reason } }));
  const { steps } = ok(await app.GET("/api/v1/orders/{order_id}/timeline", { params: { path } }));
  if (steps.map(({ verb }) => verb).join() !== "place,cancel") fail(JSON.stringify(steps));
}

const anybody = client();
const desk = await partner(anybody);
const here = ok(await desk.GET("/api/v1/partner"));
const app = await donor(anybody, { lat: here.lat ?? fail("no place"), lng: here.lng ?? fail("no place") });
const din = await give(desk, app);
await release(desk, din);
await order(desk, app, here.id);
console.log(`TypeScript: ${din} was given, tested, released and ordered`);
