// The emulator's REST as the page uses it: an answer, or an error in words for the person who asked.

export async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Error("the emulator does not answer");
  }
  if (!answer.ok) throw new Error(await reasonIn(answer));
  return answer.status === 204 ? null : answer.json();
}

async function reasonIn(answer) {
  try {
    return (await answer.json()).error.message;
  } catch {
    return `the emulator answered ${answer.status}`;
  }
}
