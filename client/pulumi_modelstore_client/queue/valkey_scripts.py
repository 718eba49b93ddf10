"""What the message queue does in Valkey, each as one step that happens whole or not at all.

A plain consumer group of a stream hands the next entry to whoever asks: with a message of a group still out, the one
after it would go to another consumer, and come before it when it is handed out again. So the messages of a queue stand
in one stream, and who may take which is kept beside it, under keys that begin with the queue's id:

    settings      hash: visibility in milliseconds, deliveries, last number given
    messages      stream: <number>-1 -> group, body; what is not acknowledged
    group:<g>     list: numbers of the group's messages in their order
    ready         sorted set: groups of which none is out, by the number of their first message
    leases        sorted set: groups of which some are out, by the millisecond at which they come back
    held:<g>      list: numbers of the group's messages that are out
    receipts      hash: number -> receipt of who has it, or `dead` while it is among the dead letters
    deliveries    hash: number -> how often it was handed out
    sent:<g> <id> what a repeat of that deduplication id returns
    sources       hash, of dead letters: number -> the one that it had in the queue

A group with messages is either in `ready` or in `leases`. KEYS[1] is what they begin with, KEYS[2] the same of the dead
letters.
"""

from __future__ import annotations

_GONE = """
local base = KEYS[1]
local settings = redis.call('HMGET', base .. 'settings', 'visibility', 'deliveries')
if not settings[1] then return false end
"""

_ADD = """
local function add(place, group, body)
  local number = redis.call('HINCRBY', place .. 'settings', 'last', 1)
  redis.call('XADD', place .. 'messages', number .. '-1', 'group', group, 'body', body)
  if redis.call('RPUSH', place .. 'group:' .. group, number) == 1 then
    redis.call('ZADD', place .. 'ready', number, group)
  end
  return number
end
"""

CREATE = """
local id = redis.call('HGET', KEYS[1], ARGV[1])
if id then
  local known = redis.call('HMGET', ARGV[3] .. id .. ':settings', 'visibility', 'deliveries')
  return (known[1] == ARGV[4] and known[2] == ARGV[5]) and 1 or 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', ARGV[3] .. ARGV[2] .. ':settings', 'visibility', ARGV[4], 'deliveries', ARGV[5])
redis.call('HSET', ARGV[3] .. ARGV[2] .. ':dead:settings', 'visibility', ARGV[4], 'deliveries', 0)
return 1
"""
"""KEYS: the names. ARGV: name, new id, what keys begin with, visibility in milliseconds, deliveries."""

REMOVE = """
local id = redis.call('HGET', KEYS[1], ARGV[1])
if not id then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('DEL', ARGV[2] .. id .. ':settings', ARGV[2] .. id .. ':dead:settings')
redis.call('SADD', KEYS[2], id)
return 1
"""
"""KEYS: the names, ids that are being deleted. ARGV: name, what keys begin with."""

SEND = (
    _GONE
    + _ADD
    + """
local sent = base .. 'sent:' .. ARGV[1] .. ' ' .. ARGV[3]
local known = redis.call('GET', sent)
if known then return known end
local number = add(base, ARGV[1], ARGV[2])
redis.call('SET', sent, number, 'EX', ARGV[4])
return tostring(number)
"""
)
"""ARGV: group, body, deduplication id, seconds for which it counts."""

RECEIVE = (
    _GONE
    + _ADD
    + """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local visibility = ARGV[2] ~= '' and ARGV[2] or settings[1]
local most = tonumber(settings[2])

for _, group in ipairs(redis.call('ZRANGEBYSCORE', base .. 'leases', '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', base .. 'leases', group)
  local list = base .. 'group:' .. group
  for _, number in ipairs(redis.call('LRANGE', base .. 'held:' .. group, 0, -1)) do
    redis.call('HDEL', base .. 'receipts', number)
    if most > 0 and tonumber(redis.call('HGET', base .. 'deliveries', number)) >= most then
      local entry = redis.call('XRANGE', base .. 'messages', number .. '-1', number .. '-1')[1]
      redis.call('HSET', KEYS[2] .. 'sources', add(KEYS[2], group, entry[2][4]), number)
      redis.call('HSET', base .. 'receipts', number, 'dead')
      redis.call('XDEL', base .. 'messages', number .. '-1')
      redis.call('LREM', list, 1, number)
      redis.call('HDEL', base .. 'deliveries', number)
    end
  end
  redis.call('DEL', base .. 'held:' .. group)
  local first = redis.call('LINDEX', list, 0)
  if first then redis.call('ZADD', base .. 'ready', first, group) end
end

local taken, left = {}, tonumber(ARGV[1])
while left > 0 do
  local group = redis.call('ZRANGE', base .. 'ready', 0, 0)[1]
  if not group then break end
  redis.call('ZREM', base .. 'ready', group)
  redis.call('ZADD', base .. 'leases', now + visibility, group)
  for _, number in ipairs(redis.call('LRANGE', base .. 'group:' .. group, 0, left - 1)) do
    redis.call('RPUSH', base .. 'held:' .. group, number)
    redis.call('HSET', base .. 'receipts', number, ARGV[3])
    local deliveries = redis.call('HINCRBY', base .. 'deliveries', number, 1)
    local entry = redis.call('XRANGE', base .. 'messages', number .. '-1', number .. '-1')[1]
    taken[#taken + 1] = {number, group, deliveries, entry[2][4]}
    left = left - 1
  end
end
return taken
"""
)
"""ARGV: how many, visibility in milliseconds or nothing, receipt."""

ACK = (
    _GONE
    + """
local number, group = ARGV[1], ARGV[3]
local receipt = redis.call('HGET', base .. 'receipts', number)
if receipt ~= ARGV[2] then
  if receipt then return 0 end
  return #redis.call('XRANGE', base .. 'messages', number .. '-1', number .. '-1') == 0 and 1 or 0
end
redis.call('XDEL', base .. 'messages', number .. '-1')
redis.call('HDEL', base .. 'receipts', number)
redis.call('HDEL', base .. 'deliveries', number)
redis.call('LREM', base .. 'group:' .. group, 1, number)
redis.call('LREM', base .. 'held:' .. group, 1, number)
local source = settings[2] == '0' and redis.call('HGET', base .. 'sources', number)
if source then
  redis.call('HDEL', base .. 'sources', number)
  redis.call('HDEL', KEYS[2] .. 'receipts', source)
end
if redis.call('EXISTS', base .. 'held:' .. group) == 0 then
  redis.call('ZREM', base .. 'leases', group)
  local first = redis.call('LINDEX', base .. 'group:' .. group, 0)
  if first then redis.call('ZADD', base .. 'ready', first, group) end
end
return 1
"""
)
"""ARGV: number, receipt, group."""

LENGTH = _GONE + "return redis.call('XLEN', base .. 'messages')"
